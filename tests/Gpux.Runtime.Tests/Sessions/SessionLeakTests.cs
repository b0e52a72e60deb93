using System.Diagnostics;
using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Tests.Sessions;

[Collection(nameof(Alone))]
public sealed class SessionLeakTests
{
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;

    [Fact]
    public void A_thousand_sessions_leave_nothing_behind()
    {
        OpenRunClose(200);
        var (memory, handles, threads) = Use();
        OpenRunClose(1000);
        var after = Use();
        Assert.True(after.Memory - memory < 20 << 20, $"memory grew by {(after.Memory - memory) >> 10} KiB");
        Assert.True(after.Handles - handles < 10, $"{after.Handles - handles} handles more");
        Assert.True(after.Threads - threads < 10, $"{after.Threads - threads} threads more");
    }

    private static void OpenRunClose(int times)
    {
        var row = Tensor.Of<float>([1, 2, 3, 4], new Shape(1, 4));
        for (var i = 0; i < times; i++)
        {
            using var session = InferenceSession.Open(TestModel.Add, new SessionOptions { IntraOpThreads = 1 + i % 3 });
            using var outputs = session.Run(new Dictionary<string, Tensor> { ["a"] = row, ["b"] = row });
            using var bound = session.Bind();
            bound.BindInput("a", row);
            bound.BindInput("b", row);
            bound.BindOutput("sum");
            bound.Run();
            Assert.Equal(2, bound["sum"].AsSpan<float>()[0]);
            Assert.NotEmpty(session.Metadata.Producer);
            Assert.Throws<InvalidModelException>(() => InferenceSession.Open("no model"u8));
        }
    }

    private static (long Memory, int Handles, int Threads) Use()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return (process.WorkingSet64, process.HandleCount, process.Threads.Count);
    }
}
