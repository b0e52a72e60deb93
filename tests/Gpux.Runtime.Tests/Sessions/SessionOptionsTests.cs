using System.Runtime.InteropServices;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Tests.Sessions;

public sealed class SessionOptionsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gpux-sessions-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Every_option_is_taken()
    {
        using var session = InferenceSession.Open(TestModel.Add, new SessionOptions
        {
            IntraOpThreads = 2,
            InterOpThreads = 2,
            OptimizationLevel = OptimizationLevel.Layout,
            ExecutionMode = ExecutionMode.Parallel,
            MemoryPattern = false,
            CpuArena = false,
            DisablePrepacking = true,
            Spin = TimeSpan.Zero,
            LogLevel = LogLevel.Fatal,
            DisabledOptimizers = ["ConstantFolding", "GeluFusion"],
            ConfigEntries = new Dictionary<string, string> { ["session.set_denormal_as_zero"] = "1" },
            ExecutionProviders = [new ExecutionProvider("cpu")],
        });
        var row = Tensor.Of<float>([1, 2, 3, 4], new Shape(1, 4));
        using var outputs = session.Run(new Dictionary<string, Tensor> { ["a"] = row, ["b"] = row });
        Assert.Equal([2, 4, 6, 8], outputs["sum"].AsSpan<float>());
    }

    [Fact]
    public void Every_run_option_is_taken()
    {
        var options = new RunOptions
        {
            Tag = "a run",
            LogLevel = LogLevel.Fatal,
            ConfigEntries = new Dictionary<string, string> { ["memory.enable_memory_arena_shrinkage"] = "cpu:0" },
        };
        var row = Tensor.Of<float>([1, 2, 3, 4], new Shape(1, 4));
        var inputs = new Dictionary<string, Tensor> { ["a"] = row, ["b"] = row };
        using var session = InferenceSession.Open(TestModel.Add);
        using var outputs = session.Run(inputs, options: options);
        Assert.Equal([2, 4, 6, 8], outputs["sum"].AsSpan<float>());
        // Without an arena the entry makes no sense, and ONNX Runtime says so: it does arrive.
        using var without = InferenceSession.Open(TestModel.Add, new SessionOptions { CpuArena = false });
        Assert.Contains("arena", Assert.Throws<RunFailedException>(() => without.Run(inputs, options: options)).Message);
    }

    [Fact]
    public void Free_dimensions_can_be_fixed()
    {
        using var session = InferenceSession.Open(TestModel.Add, new SessionOptions { FreeDimensionOverrides = new Dictionary<string, long> { ["rows"] = 3 } });
        Assert.Equal(3, session.Inputs[0].Dimensions!.Value[0].Size);
    }

    [Fact]
    public void A_sum_and_its_norm_stay_apart_on_a_cpu()
    {
        var model = TestModel.Of(
            [TestModel.Node("Add", ["a", "b"], ["sum"]), TestModel.Node("LayerNormalization", ["sum", "scale", "shift"], ["norm"])],
            [TestModel.Value("a", ElementType.Float32, 1, 2, 4), TestModel.Value("b", ElementType.Float32, 1, 2, 4)], [TestModel.Value("norm", ElementType.Float32, 1, 2, 4)],
            [TestModel.Initializer("scale", Tensor.Of<float>([1, 1, 1, 1], new Shape(4))), TestModel.Initializer("shift", Tensor.Of<float>([0, 0, 0, 0], new Shape(4)))]);
        bool Fuses(SessionOptions options)
        {
            var path = Path.Combine(_folder.FullName, Path.GetRandomFileName());
            using var session = InferenceSession.Open(model, options with { OptimizedModelPath = path });
            return File.ReadAllText(path).Contains("SkipLayerNormalization", StringComparison.Ordinal);
        }
        Assert.False(Fuses(new SessionOptions()));
        Assert.False(Fuses(new SessionOptions { DisabledOptimizers = ["GeluFusion"], ExecutionProviders = [new ExecutionProvider("cpu")] }));
        Assert.True(Fuses(new SessionOptions { ConfigEntries = new Dictionary<string, string> { ["optimization.disable_specified_optimizers"] = "GeluFusion" } }));
    }

    [Fact]
    public void Optimization_level_and_disabled_optimizers_show_in_the_optimized_model()
    {
        var model = TestModel.Of(
            [TestModel.Node("Add", ["two", "two"], ["four"], "constant"), TestModel.Node("Mul", ["a", "four"], ["product"])],
            [TestModel.Value("a", ElementType.Float32, 1)], [TestModel.Value("product", ElementType.Float32, 1)],
            [TestModel.Initializer("two", Tensor.Of<float>([2], new Shape(1)))]);
        bool Keeps(SessionOptions options)
        {
            var path = Path.Combine(_folder.FullName, Path.GetRandomFileName());
            using var session = InferenceSession.Open(model, options with { OptimizedModelPath = path });
            return File.ReadAllText(path).Contains("constant", StringComparison.Ordinal);
        }
        Assert.False(Keeps(new SessionOptions { OptimizationLevel = OptimizationLevel.Basic }));
        Assert.True(Keeps(new SessionOptions { OptimizationLevel = OptimizationLevel.Disabled }));
        Assert.True(Keeps(new SessionOptions { OptimizationLevel = OptimizationLevel.Basic, DisabledOptimizers = ["ConstantFolding"] }));
    }

    [Fact]
    public void External_weights_are_read_from_their_folder()
    {
        var weights = Path.Combine(_folder.FullName, "weights.bin");
        File.WriteAllBytes(weights, MemoryMarshal.AsBytes<float>([0, 0, 1, 2, 3, 4]).ToArray());
        var model = External("weights.bin", offset: 8, length: 16);
        foreach (var options in (SessionOptions[])[new(), new() { DisablePrepacking = true }])
        {
            using var session = InferenceSession.Open(model, options with { ExternalWeightsFolder = _folder.FullName });
            using var outputs = session.Run(Row);
            Assert.Equal([2, 3, 4, 5], outputs["b"].AsSpan<float>());
        }
    }

    [Theory]
    [InlineData("missing.bin", 0, 16, "'missing.bin', which is missing")]
    [InlineData("../weights.bin", 0, 16, "'../weights.bin', which lies outside of the folder")]
    [InlineData("/etc/hostname", 0, 16, "'/etc/hostname': an absolute path")]
    [InlineData("weights.bin", 12, 16, "'weights.bin', which does not fit")]
    [InlineData("weights.bin", 0, 12, "'weights.bin', which does not fit")]
    public void Bad_external_weights_are_named(string location, long offset, long length, string problem)
    {
        var folder = _folder.CreateSubdirectory("model").FullName;
        File.WriteAllBytes(Path.Combine(folder, "weights.bin"), new byte[24]);
        File.WriteAllBytes(Path.Combine(_folder.FullName, "weights.bin"), new byte[24]);
        var path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, External(location, offset, length));

        var ofFile = Assert.Throws<ExternalDataException>(() => InferenceSession.Open(path));
        var ofBytes = Assert.Throws<ExternalDataException>(() => InferenceSession.Open(File.ReadAllBytes(path), new SessionOptions { ExternalWeightsFolder = folder }));
        foreach (var error in (ExternalDataException[])[ofFile, ofBytes])
        {
            Assert.Contains(problem, error.Message);
            Assert.Contains("tensor 'w'", error.Message);
            Assert.Equal(location, error.File);
        }
    }

    [Fact]
    public void Profile_of_all_runs_is_written()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Neg", ["a"], ["b"], "negate")], [TestModel.Value("a", ElementType.Float32, 4)], [TestModel.Value("b", ElementType.Float32, 4)]),
            new SessionOptions { ProfilingPrefix = Path.Combine(_folder.FullName, "profile") });
        session.Run(Row).Dispose();
        Assert.Throws<InvalidOperationException>(() => session.ReportProviders(Row));
        var path = session.EndProfiling();
        Assert.StartsWith(Path.Combine(_folder.FullName, "profile"), path);
        Assert.Contains("negate_kernel_time", File.ReadAllText(path));
    }

    [Fact]
    public async Task Profiled_runs_do_not_disturb_each_other()
    {
        // Large enough that the threads share the work.
        var a = Tensor.Zeros(ElementType.Float32, new Shape(1 << 18, 4));
        var inputs = new Dictionary<string, Tensor> { ["a"] = a, ["b"] = a };
        using var session = InferenceSession.Open(TestModel.Add, new SessionOptions { IntraOpThreads = 2, ProfilingPrefix = Path.Combine(_folder.FullName, "profile") });
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50; i++)
                session.Run(inputs).Dispose();
        })));
        Assert.Equal(150, File.ReadAllText(session.EndProfiling()).Split("add_kernel_time").Length - 1);
    }

    [Fact]
    public void A_setting_that_is_refused_is_named()
    {
        var error = Assert.Throws<SessionOptionException>(() => InferenceSession.Open(TestModel.Add,
            new SessionOptions { ConfigEntries = new Dictionary<string, string> { [new string('x', 2000)] = "1" } }));
        Assert.Equal(new string('x', 2000), error.Option);
    }

    [Fact]
    public void Opening_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => InferenceSession.Open(TestModel.Add, cancellationToken: cancellation.Token));
    }

    [Fact]
    public unsafe void Cancelling_reaches_a_load_under_way()
    {
        using var cancellation = new CancellationTokenSource();
        using var options = new SessionOptionsHandle(new SessionOptions());
        using var registration = options.CancelLoadingOn(cancellation.Token);
        cancellation.Cancel();
        nint session;
        fixed (byte* model = TestModel.Add)
        {
            var status = OrtApi.CreateSessionFromArray(OrtEnvironment.Value, model, (nuint)TestModel.Add.Length, options.Value, &session);
            Assert.Equal(OrtErrorCode.ModelLoadCanceled, OrtStatus.Take(status).Code);
        }
    }

    [Fact]
    public void Threads_cannot_be_negative()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => InferenceSession.Open(TestModel.Add, new SessionOptions { IntraOpThreads = -1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => InferenceSession.Open(TestModel.Add, new SessionOptions { InterOpThreads = -1, ExecutionMode = ExecutionMode.Parallel }));
        Assert.Throws<ArgumentOutOfRangeException>(() => InferenceSession.Open(TestModel.Add, new SessionOptions { Spin = TimeSpan.FromSeconds(-1) }));
    }

    private static Dictionary<string, Tensor> Row => new() { ["a"] = Tensor.Of<float>([1, 1, 1, 1], new Shape(4)) };

    private static byte[] External(string location, long offset, long length) => TestModel.Of(
        [TestModel.Node("Add", ["a", "w"], ["b"])], [TestModel.Value("a", ElementType.Float32, 4)], [TestModel.Value("b", ElementType.Float32, 4)],
        [TestModel.ExternalInitializer("w", ElementType.Float32, new Shape(4), location, offset, length)]);
}
