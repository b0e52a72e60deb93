using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Tests.Sessions;

public sealed class BoundRunTests
{
    [Fact]
    public void Bound_run_reads_and_writes_in_place()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var run = session.Bind();
        var (a, b, sum) = (Row(1, 2, 3, 4), Row(10, 20, 30, 40), Row(0, 0, 0, 0));
        run.BindInput("a", a);
        run.BindInput("b", b);
        run.BindOutput("sum", sum);
        run.Run();
        Assert.Equal([11, 22, 33, 44], sum.AsSpan<float>());
        a.AsSpan<float>()[0] = 5;
        run.BindInput("b", Row(0, 0, 0, 1));
        run.Run();
        Assert.Equal([5, 2, 3, 5], sum.AsSpan<float>());
        Assert.Equal([5, 2, 3, 5], run["sum"].AsSpan<float>());
    }

    [Fact]
    public void Bound_run_allocates_nothing()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var into = session.Bind();
        using var free = session.Bind();
        using var carried = session.Bind();
        using var cancellation = new CancellationTokenSource();
        foreach (var run in (BoundRun[])[into, free, carried])
        {
            run.BindInput("a", Row(1, 2, 3, 4));
            run.BindInput("b", Row(1, 2, 3, 4));
        }
        into.BindOutput("sum", Row(0, 0, 0, 0));
        free.BindOutput("sum");
        carried.Carry("sum", "a");
        float Step()
        {
            into.Run(cancellation.Token);
            free.Run();
            carried.Run();
            return into["sum"].AsSpan<float>()[0] + free["sum"].AsSpan<float>()[0] + free["sum"].Dimensions.Length;
        }
        Step();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Step();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(102, carried["sum"].AsSpan<float>()[0]);
    }

    [Fact]
    public void Free_outputs_take_the_shape_of_each_run()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var run = session.Bind();
        run.BindOutput("sum");
        for (var rows = 1; rows <= 5; rows++)
        {
            var input = Tensor.Zeros(ElementType.Float32, new Shape(rows, 4));
            input.AsSpan<float>().Fill(rows);
            run.BindInput("a", input);
            run.BindInput("b", input);
            run.Run();
            Assert.Equal([rows, 4], run["sum"].Dimensions);
            Assert.All(run["sum"].AsSpan<float>().ToArray(), element => Assert.Equal(2 * rows, element));
        }
    }

    [Fact]
    public void Carried_output_is_the_next_input_without_a_copy()
    {
        // A cache that grows by one row each step, as a decoder's does.
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Concat", ["past", "row"], ["present"], attributes: TestModel.Attribute("axis", 0)), TestModel.Node("ReduceSum", ["present"], ["sum"], attributes: TestModel.Attribute("keepdims", 0))],
            [TestModel.Value("past", ElementType.Float32, "past", 2), TestModel.Value("row", ElementType.Float32, 1, 2)],
            [TestModel.Value("present", ElementType.Float32, "present", 2), TestModel.Value("sum", ElementType.Float32)]));
        using var run = session.Bind();
        run.BindInput("past", Tensor.Zeros(ElementType.Float32, new Shape(0, 2)));
        run.Carry("present", "past");
        run.BindOutput("sum");
        for (var step = 1; step <= 4; step++)
        {
            run.BindInput("row", Tensor.Of<float>([step, step], new Shape(1, 2)));
            run.Run();
            Assert.Equal([step, 2], run["present"].Dimensions);
            Assert.Equal([step * (step + 1)], run["sum"].AsSpan<float>());
        }
        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4], run["present"].AsSpan<float>());
        var kept = run.Take("present");

        // Another sequence starts over.
        run.BindInput("past", Tensor.Zeros(ElementType.Float32, new Shape(0, 2)));
        run.Run();
        Assert.Equal([4, 4], run["present"].AsSpan<float>());
        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4], kept.AsSpan<float>());
    }

    [Fact]
    public void One_output_can_be_carried_to_several_inputs()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var run = session.Bind();
        run.BindInput("a", Row(1, 2, 3, 4));
        run.BindInput("b", Row(1, 2, 3, 4));
        run.Carry("sum", "a");
        run.Carry("sum", "b");
        for (var i = 0; i < 3; i++)
            run.Run();
        Assert.Equal([8, 16, 24, 32], run["sum"].AsSpan<float>());
        // Bound elsewhere, it is carried no more.
        run.BindOutput("sum");
        run.Run();
        run.Run();
        Assert.Equal([16, 32, 48, 64], run["sum"].AsSpan<float>());
    }

    [Fact]
    public void Shared_memory_is_updated_in_place()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var run = session.Bind();
        run.BindShared("a", "sum", new Shape(1, 4));
        run.BindInput("b", Row(1, 2, 3, 4));
        for (var i = 0; i < 3; i++)
            run.Run();
        Assert.Equal([3, 6, 9, 12], run["sum"].AsSpan<float>());

        // Bound again, as for another sequence, it starts from zeros.
        run.BindShared("a", "sum", new Shape(1, 4));
        run.Run();
        Assert.Equal([1, 2, 3, 4], run["sum"].AsSpan<float>());
        Assert.Throws<SessionInputException>(() => run.BindShared("a", "sum", new Shape(1, 5)));

        // A tensor of one's own does the same.
        var cache = Row(0, 0, 0, 0);
        run.BindInput("a", cache);
        run.BindOutput("sum", cache);
        run.Run();
        run.Run();
        Assert.Equal([2, 4, 6, 8], cache.AsSpan<float>());
    }

    [Fact]
    public void Taken_output_outlives_the_run_and_the_session()
    {
        Tensor first, second;
        using (var session = InferenceSession.Open(TestModel.Add))
        using (var run = session.Bind())
        {
            run.BindInput("a", Row(1, 1, 1, 1));
            run.BindInput("b", Row(1, 1, 1, 1));
            run.BindOutput("sum");
            run.Run();
            first = run.Take("sum");
            // Taking it does not make it unreadable.
            Assert.Same(first, run.Take("sum"));
            Assert.Equal([2, 2, 2, 2], run["sum"].AsSpan<float>());
            run.BindInput("a", Row(2, 2, 2, 2));
            run.Run();
            second = run.Take("sum");
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal([2, 2, 2, 2], first.AsSpan<float>());
        Assert.Equal([3, 3, 3, 3], second.AsSpan<float>());
    }

    [Fact]
    public void Strings_can_be_bound_and_taken()
    {
        using var session = InferenceSession.Open(TestModel.Identity(ElementType.String));
        using var run = session.Bind();
        run.BindInput("in", Tensor.Of(["ä", "b"], new Shape(2)));
        run.BindOutput("out");
        run.Run();
        Assert.Throws<InvalidOperationException>(() => run["out"].ElementType);
        Assert.Equal(["ä", "b"], run.Take("out").Strings);
        Assert.Throws<InvalidOperationException>(() => run["out"].ElementType);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var run = session.Bind();
        run.BindInput("a", Row(1, 2, 3, 4));
        Assert.Contains("'b'", Assert.Throws<SessionInputException>(() => run.Run()).Message);
        Assert.Contains("Closest", Assert.Throws<SessionInputException>(() => run.BindInput("aa", Row(1, 2, 3, 4))).Message);
        Assert.Throws<SessionInputException>(() => run.BindInput("b", Tensor.Zeros(ElementType.Float32, new Shape(4))));
        run.BindInput("b", Row(1, 2, 3, 4));
        Assert.Throws<SessionOutputException>(() => run.Run());
        Assert.Throws<SessionOutputException>(() => run["sum"].ElementCount);
        run.BindOutput("sum");
        Assert.Throws<InvalidOperationException>(() => run["sum"].ElementCount);
        run.Run();
        Assert.Equal(4, run["sum"].ElementCount);
        Assert.Throws<InvalidOperationException>(() => run["sum"].AsSpan<long>().Length);
        run.Dispose();
        Assert.Throws<ObjectDisposedException>(() => run.Run());
    }

    [Fact]
    public async Task Cancelling_ends_a_bound_run_and_it_stays_usable()
    {
        using var session = InferenceSession.Open(TestModel.Count);
        using var run = session.Bind();
        run.BindInput("steps", Tensor.Of<long>([long.MaxValue], Shape.Scalar));
        run.BindInput("start", Tensor.Of<float>([0], Shape.Scalar));
        run.BindOutput("counted");
        using var cancellation = new CancellationTokenSource();
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.Run(() => run.Run(cancellation.Token)));
        run.BindInput("steps", Tensor.Of<long>([3], Shape.Scalar));
        run.Run();
        Assert.Equal([3], run["counted"].AsSpan<float>());
    }

    private static Tensor Row(float a, float b, float c, float d) => Tensor.Of<float>([a, b, c, d], new Shape(1, 4));
}
