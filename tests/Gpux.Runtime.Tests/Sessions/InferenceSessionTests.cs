using System.Diagnostics;
using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Tests.Sessions;

public sealed class InferenceSessionTests
{
    [Fact]
    public void Session_describes_inputs_and_outputs()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [
                TestModel.Node("SequenceConstruct", ["a", "b"], ["list"]), TestModel.Node("Optional", ["a"], ["maybe"]),
                TestModel.Node("Identity", ["any"], ["same"]),
            ],
            [TestModel.Value("a", ElementType.Float32, "rows", 4, ""), TestModel.Value("b", ElementType.Float32), TestModel.ValueOfAnyShape("any", ElementType.Int64)],
            [
                TestModel.Sequence("list", TestModel.TensorType(ElementType.Float32)),
                TestModel.Optional("maybe", TestModel.TensorType(ElementType.Float32, "rows", 4, "")),
                TestModel.ValueOfAnyShape("same", ElementType.Int64),
            ]));

        Assert.Equal(["a", "b", "any"], session.Inputs.Select(input => input.Name));
        Assert.Equal(new Dimension[] { new(null, "rows"), new(4, null), new(null, null) }, session.Inputs[0].Dimensions!.Value);
        Assert.Equal("a: tensor(Float32[rows, 4, ?])", session.Inputs[0].ToString());
        Assert.Empty(session.Inputs[1].Dimensions!.Value);
        Assert.Null(session.Inputs[2].Dimensions);
        Assert.Equal((ValueKind.Sequence, ElementType.Float32), (session.Outputs[0].Kind, session.Outputs[0].ElementType));
        Assert.StartsWith("sequence(tensor(Float32", session.Outputs[0].Description);
        Assert.Equal("optional(tensor(Float32[rows, 4, ?]))", session.Outputs[1].Description);
    }

    [Theory]
    // The three types that ONNX Runtime numbers otherwise than ONNX, and their neighbours.
    [InlineData(ElementType.Int4)]
    [InlineData(ElementType.Float4E2M1)]
    [InlineData(ElementType.Float8E8M0)]
    [InlineData(ElementType.UInt2)]
    [InlineData(ElementType.Int2)]
    public void Session_reports_element_types_by_their_onnx_numbers(ElementType type)
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Relu", ["a"], ["b"])],
            [TestModel.Value("a", ElementType.Float32, 1), TestModel.Value("unused", type, 3)],
            [TestModel.Value("b", ElementType.Float32, 1)], opset: 25, irVersion: 13));
        Assert.Equal(type, session.Inputs[1].ElementType);
    }

    [Fact]
    public void Session_reads_metadata()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Relu", ["a"], ["b"])], [TestModel.Value("a", ElementType.Float32, 1)], [TestModel.Value("b", ElementType.Float32, 1)],
            extra: [TestModel.Metadata("hf_hub_id", "Tiny/Möbel"), TestModel.Metadata("empty", "")]));
        Assert.Equal(("gpux-tests", "test graph"), (session.Metadata.Producer, session.Metadata.GraphName));
        Assert.Equal(new Dictionary<string, string> { ["hf_hub_id"] = "Tiny/Möbel", ["empty"] = "" }, session.Metadata.Custom);
    }

    [Fact]
    public void Run_computes_outputs()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        using var outputs = session.Run(Inputs(("a", Floats([1, 2, 3, 4, 5, 6, 7, 8], 2, 4)), ("b", Floats([10, 20, 30, 40, 50, 60, 70, 80], 2, 4))));
        Assert.Equal(new Shape(2, 4), outputs["sum"].Shape);
        Assert.Equal([11, 22, 33, 44, 55, 66, 77, 88], outputs["sum"].AsSpan<float>());
        Assert.Equal(["sum"], outputs.Tensors.Select(output => output.Name));
    }

    [Fact]
    public void Run_writes_into_given_tensors()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        var a = Floats([1, 2, 3, 4], 1, 4);
        var sum = Tensor.Zeros(ElementType.Float32, new Shape(1, 4));
        session.Run([("a", a), ("b", a)], [("sum", sum)]);
        Assert.Equal([2, 4, 6, 8], sum.AsSpan<float>());
        // In another order than the model's.
        session.Run([("b", sum), ("a", a)], [("sum", sum)]);
        Assert.Equal([3, 6, 9, 12], sum.AsSpan<float>());
    }

    [Fact]
    public void Run_into_given_tensors_allocates_nothing()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        var a = Floats([1, 2, 3, 4], 1, 4);
        var sum = Tensor.Zeros(ElementType.Float32, new Shape(1, 4));
        session.Run([("a", a), ("b", a)], [("sum", sum)]);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            session.Run([("a", a), ("b", a)], [("sum", sum)]);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Run_computes_only_the_outputs_wanted()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Neg", ["a"], ["negative"]), TestModel.Node("Abs", ["a"], ["absolute"])],
            [TestModel.Value("a", ElementType.Float32, "n")],
            [TestModel.Value("negative", ElementType.Float32, "n"), TestModel.Value("absolute", ElementType.Float32, "n")]));
        var inputs = Inputs(("a", Floats([-1, 2], 2)));
        using var outputs = session.Run(inputs, ["absolute"]);
        Assert.Equal([1, 2], outputs["absolute"].AsSpan<float>());
        Assert.False(outputs.TryGet("negative", out _));
        Assert.Contains("absolute", Assert.Throws<SessionOutputException>(() => outputs["negative"]).Message);
        Assert.Contains("Closest: absolute", Assert.Throws<SessionOutputException>(() => session.Run(inputs, ["absolut"])).Message);
    }

    [Theory]
    [InlineData(ElementType.Float32)]
    [InlineData(ElementType.Float64)]
    [InlineData(ElementType.Float16)]
    [InlineData(ElementType.BFloat16)]
    [InlineData(ElementType.Int8)]
    [InlineData(ElementType.UInt8)]
    [InlineData(ElementType.Int16)]
    [InlineData(ElementType.UInt16)]
    [InlineData(ElementType.Int32)]
    [InlineData(ElementType.UInt32)]
    [InlineData(ElementType.Int64)]
    [InlineData(ElementType.UInt64)]
    [InlineData(ElementType.Bool)]
    [InlineData(ElementType.Float8E4M3FN)]
    [InlineData(ElementType.Float8E5M2)]
    public void Elements_of_every_type_pass_unchanged(ElementType type)
    {
        using var session = InferenceSession.Open(TestModel.Identity(type));
        var tensor = Tensor.Zeros(type, new Shape(5));
        for (var i = 0; i < tensor.Bytes.Length; i++)
            tensor.Bytes[i] = (byte)(type == ElementType.Bool ? i % 2 : 37 * i);
        using var outputs = session.Run(Inputs(("in", tensor)));
        Assert.Equal(type, outputs["out"].ElementType);
        Assert.Equal(tensor.Bytes, outputs["out"].Bytes);
    }

    [Theory]
    [InlineData(ElementType.Int4, new float[] { -8, 7, 1, -1, 3 })]
    [InlineData(ElementType.UInt4, new float[] { 8, 7, 1, 15, 3 })]
    public void Four_bit_elements_are_packed_low_bits_first(ElementType type, float[] expected)
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Cast", ["packed"], ["floats"], attributes: TestModel.Attribute("to", 1)), TestModel.Node("Cast", ["floats"], ["again"], "back", attributes: TestModel.Attribute("to", (long)type))],
            [TestModel.Value("packed", type, 5)], [TestModel.Value("floats", ElementType.Float32, 5), TestModel.Value("again", type, 5)]));
        var packed = Tensor.Zeros(type, new Shape(5));
        new byte[] { 0x78, 0xF1, 0x03 }.CopyTo(packed.Bytes);
        using var outputs = session.Run(Inputs(("packed", packed)));
        Assert.Equal(expected, outputs["floats"].AsSpan<float>());
        Assert.Equal(packed.Bytes, outputs["again"].Bytes);
    }

    [Fact]
    public void Strings_pass_unchanged()
    {
        using var session = InferenceSession.Open(TestModel.Identity(ElementType.String));
        string[] strings = ["", "ascii", "Grüße, 世界", "🧑‍🚀", "zero\0inside", new string('x', 100_000)];
        using var outputs = session.Run(Inputs(("in", Tensor.Of(strings, new Shape(strings.Length)))));
        Assert.Equal(strings, outputs["out"].Strings);
    }

    [Fact]
    public void Empty_and_scalar_tensors_pass_unchanged()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Identity", ["in"], ["out"])], [TestModel.ValueOfAnyShape("in", ElementType.Float32)], [TestModel.ValueOfAnyShape("out", ElementType.Float32)]));
        using var scalar = session.Run(Inputs(("in", Floats([42]))));
        Assert.Equal(Shape.Scalar, scalar["out"].Shape);
        Assert.Equal([42], scalar["out"].AsSpan<float>());
        using var empty = session.Run(Inputs(("in", Floats([], 3, 0, 2))));
        Assert.Equal(new Shape(3, 0, 2), empty["out"].Shape);
    }

    [Fact]
    public void Sequences_and_optional_outputs_can_be_read()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("SequenceConstruct", ["a", "b"], ["list"]), TestModel.Node("Optional", ["a"], ["maybe"])],
            [TestModel.Value("a", ElementType.Float32, "n"), TestModel.Value("b", ElementType.Float32, "m")],
            [TestModel.Sequence("list", TestModel.TensorType(ElementType.Float32)), TestModel.Optional("maybe", TestModel.TensorType(ElementType.Float32, "n"))]));
        using var outputs = session.Run(Inputs(("a", Floats([1, 2], 2)), ("b", Floats([3], 1))));
        Assert.Equal(2, outputs.Sequence("list").Count);
        Assert.Equal([1, 2], outputs.Sequence("list")[0].AsSpan<float>());
        Assert.Equal([3], outputs.Sequence("list")[1].AsSpan<float>());
        Assert.Equal([1, 2], outputs["maybe"].AsSpan<float>());
        Assert.Throws<SessionOutputException>(() => outputs["list"]);
    }

    [Fact]
    public void Maps_are_refused_by_name()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("ZipMap", ["scores"], ["probabilities"], null, "ai.onnx.ml", TestModel.Attribute("classlabels_int64s", 0, 1)), TestModel.Node("Neg", ["scores"], ["negative"])],
            [TestModel.Value("scores", ElementType.Float32, "n", 2)],
            [TestModel.Sequence("probabilities", TestModel.MapType(ElementType.Int64, TestModel.TensorType(ElementType.Float32))), TestModel.Value("negative", ElementType.Float32, "n", 2)],
            extra: [TestModel.OpsetImport("ai.onnx.ml", 1)]));
        var inputs = Inputs(("scores", Floats([1, 2], 1, 2)));
        Assert.Equal("probabilities", Assert.Throws<UnsupportedValueException>(() => session.Run(inputs)).Value);
        using var outputs = session.Run(inputs, ["negative"]);
        Assert.Equal([-1, -2], outputs["negative"].AsSpan<float>());
    }

    [Fact]
    public void Inputs_that_do_not_fit_are_refused_before_the_run()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        var good = Floats([1, 2, 3, 4], 1, 4);
        string Message(params (string, Tensor)[] inputs)
        {
            var error = Assert.Throws<SessionInputException>(() => session.Run(Inputs(inputs)));
            // The other way to run refuses the same.
            Assert.Equal(error.Message, Assert.Throws<SessionInputException>(
                () => session.Run(inputs.Select(input => (NamedTensor)input).ToArray(), [])).Message);
            return error.Message;
        }
        Assert.Equal("The model's input 'b', tensor(Float32[rows, 4]), is missing.", Message(("a", good)));
        Assert.Contains("no input 'c'. It has: a, b.", Message(("a", good), ("b", good), ("c", good)));
        Assert.Contains("but got Int64[1, 4]: the element type is Int64, not Float32", Message(("a", Tensor.Zeros(ElementType.Int64, new Shape(1, 4))), ("b", good)));
        Assert.Contains("there are 1 dimensions, not 2", Message(("a", good), ("b", Floats([1, 2, 3, 4], 4))));
        Assert.Contains("dimension 1 is 3, not 4", Message(("a", good), ("b", Floats([1, 2, 3], 1, 3))));
    }

    [Fact]
    public void Tensors_for_outputs_that_do_not_fit_are_refused()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        var a = Floats([1, 2, 3, 4], 1, 4);
        Assert.Throws<SessionOutputException>(() => session.Run([("a", a), ("b", a)], [("sum", Tensor.Zeros(ElementType.Float64, new Shape(1, 4)))]));
        Assert.Throws<SessionOutputException>(() => session.Run([("a", a), ("b", a)], [("total", a)]));
        // A wrong size of a free dimension shows only when it is computed.
        Assert.Contains("sum", Assert.Throws<RunFailedException>(
            () => session.Run([("a", a), ("b", a)], [("sum", Tensor.Zeros(ElementType.Float32, new Shape(2, 4)))])).Message);
    }

    [Fact]
    public void A_failing_node_is_named()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("Gather", ["table", "index"], ["row"], "lookup")],
            [TestModel.Value("table", ElementType.Float32, "n"), TestModel.Value("index", ElementType.Int64, 1)], [TestModel.Value("row", ElementType.Float32, 1)]));
        var error = Assert.Throws<RunFailedException>(() => session.Run(Inputs(("table", Floats([1], 1)), ("index", Tensor.Of<long>([7], new Shape(1))))));
        Assert.Equal("lookup", error.Node);
        Assert.Contains("'lookup' (Gather)", error.Message);
        Assert.Contains("idx=7", error.Message);
    }

    [Fact]
    public void Too_large_a_tensor_is_a_lack_of_memory()
    {
        using var session = InferenceSession.Open(TestModel.Of(
            [TestModel.Node("ConstantOfShape", ["shape"], ["zeros"])], [TestModel.Value("shape", ElementType.Int64, 1)], [TestModel.Value("zeros", ElementType.Float32, "n")]));
        Assert.Throws<SessionMemoryException>(() => session.Run(Inputs(("shape", Tensor.Of<long>([1L << 45], new Shape(1))))));
    }

    [Fact]
    public async Task Cancelling_ends_a_long_run_and_the_session_stays_usable()
    {
        using var session = InferenceSession.Open(TestModel.Count);
        using var cancellation = new CancellationTokenSource();
        var run = session.RunAsync(Steps(long.MaxValue), cancellationToken: cancellation.Token);
        cancellation.CancelAfter(TimeSpan.FromMilliseconds(20));
        var watch = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(1), $"took {watch.Elapsed}"); // undisturbed it would take for ever

        using var outputs = await session.RunAsync(Steps(3));
        Assert.Equal([3], outputs["counted"].AsSpan<float>());
        Assert.ThrowsAny<OperationCanceledException>(() => session.Run(Steps(3), cancellationToken: cancellation.Token));
    }

    [Fact]
    public async Task Disposing_lets_runs_finish()
    {
        var session = InferenceSession.Open(TestModel.Count);
        using var cancellation = new CancellationTokenSource();
        var runs = Enumerable.Range(0, 2).Select(_ => session.RunAsync(Steps(long.MaxValue), cancellationToken: cancellation.Token)).ToArray();
        using var short_ = session.Run(Steps(1));
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Run(Steps(1)));
        Assert.Throws<ObjectDisposedException>(() => session.Metadata);
        cancellation.Cancel();
        foreach (var run in runs)
        {
            // A run that had not begun before the session was disposed of says so.
            var error = await Record.ExceptionAsync(() => run);
            Assert.True(error is OperationCanceledException or ObjectDisposedException, $"{error}");
        }
    }

    [Fact]
    public void Outputs_outlive_their_session()
    {
        Tensor sum;
        using (var session = InferenceSession.Open(TestModel.Add))
            sum = session.Run(Inputs(("a", Floats([1, 2, 3, 4], 1, 4)), ("b", Floats([1, 2, 3, 4], 1, 4))))["sum"];
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal([2, 4, 6, 8], sum.AsSpan<float>());
    }

    [Fact]
    public async Task Concurrent_runs_do_not_disturb_each_other()
    {
        using var session = InferenceSession.Open(TestModel.Add);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 500; i++)
            {
                using var outputs = session.Run(Inputs(("a", Floats([thread, i, 0, 0], 1, 4)), ("b", Floats([i, thread, 1, 2], 1, 4))));
                Assert.Equal([thread + i, thread + i, 1, 2], outputs["sum"].AsSpan<float>());
            }
        })));
    }

    [Fact]
    public void Uncollected_outputs_do_not_pile_up()
    {
        const int Rows = 1 << 20; // 16 MiB
        using var session = InferenceSession.Open(TestModel.Add);
        var a = Tensor.Zeros(ElementType.Float32, new Shape(Rows, 4));
        var before = Process.GetCurrentProcess().WorkingSet64;
        for (var i = 0; i < 100; i++)
            session.Run(Inputs(("a", a), ("b", a)));
        // Nobody disposes of the outputs: 1.6 GiB if the collector did not know what hangs on them.
        var growth = Process.GetCurrentProcess().WorkingSet64 - before;
        Assert.True(growth < 800 << 20, $"grew by {growth >> 20} MiB");
    }

    private static Dictionary<string, Tensor> Steps(long steps) =>
        Inputs(("steps", Tensor.Of<long>([steps], Shape.Scalar)), ("start", Floats([0])));

    private static Dictionary<string, Tensor> Inputs(params (string Name, Tensor Tensor)[] inputs) =>
        inputs.ToDictionary(input => input.Name, input => input.Tensor);

    private static Tensor Floats(float[] elements, params long[] shape) => Tensor.Of<float>(elements, new Shape(shape));
}
