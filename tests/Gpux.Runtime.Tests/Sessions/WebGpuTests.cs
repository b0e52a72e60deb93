using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Tests.Sessions;

/// <summary>WebGPU on whatever Vulkan driver there is; on machines without a GPU: eval "$(eng/swiftshader.sh)".</summary>
[Trait("Category", "Slow")]
[Collection(nameof(SessionLeakTests.Alone))]
public sealed class WebGpuTests
{
    private const int Width = 64;
    private static readonly SessionOptions WebGpu = new() { ExecutionProviders = [new ExecutionProvider("WebGPU")] };

    [Fact]
    public void Gemm_and_layer_norm_agree_with_the_cpu()
    {
        var model = Perceptron();
        var inputs = new Dictionary<string, Tensor> { ["x"] = Noise(1, 32, Width) };
        using var cpu = InferenceSession.Open(model);
        using var gpu = InferenceSession.Open(model, WebGpu with { RequireGpu = true });
        var report = gpu.ReportProviders(inputs);
        using var expected = cpu.Run(inputs);
        using var actual = gpu.Run(inputs);
        AssertClose(expected["y"], actual["y"]);
        Assert.Empty(report.ComputedOnCpu);
        Assert.Contains(report.Nodes, node => node is { Operator: "Gemm", Provider: "WebGpuExecutionProvider" });
    }

    [Fact]
    public void Required_gpu_refuses_a_model_that_falls_back()
    {
        // Determinants are not among the operators of WebGPU.
        var model = TestModel.Of(
            [TestModel.Node("MatMul", ["x", "x"], ["square"], "product"), TestModel.Node("Det", ["square"], ["y"], "determinant")],
            [TestModel.Value("x", ElementType.Float32, 4, 4)], [TestModel.Value("y", ElementType.Float32)]);
        var inputs = new Dictionary<string, Tensor> { ["x"] = Noise(1, 4, 4) };
        using var session = InferenceSession.Open(model, WebGpu with { RequireGpu = true });
        Assert.Equal("determinant", Assert.Single(Assert.Throws<GpuRequiredException>(() => session.Run(inputs)).Nodes).Name);
        Assert.Throws<GpuRequiredException>(() => session.Run(inputs));
        using var bound = session.Bind();
        bound.BindInput("x", inputs["x"]);
        bound.BindOutput("y");
        Assert.Throws<GpuRequiredException>(() => bound.Run());
    }

    [Fact]
    public void Bound_runs_keep_values_on_the_device()
    {
        using var session = InferenceSession.Open(TestModel.Add, WebGpu);
        using var run = session.Bind();
        var b = Tensor.Of<float>([1, 2, 3, 4], new Shape(1, 4));
        run.BindInput("a", Tensor.Zeros(ElementType.Float32, new Shape(1, 4)));
        run.BindInput("b", b);
        run.Carry("sum", "a");
        for (var i = 0; i < 3; i++)
            run.Run();
        Assert.Throws<InvalidOperationException>(() => run["sum"].ElementCount);
        // What the caller writes between runs is seen, although the device has a copy.
        b.AsSpan<float>().Fill(100);
        run.BindOutput("sum");
        run.Run();
        Assert.Equal([103, 106, 109, 112], run["sum"].AsSpan<float>());
    }

    [Fact]
    public void Shared_memory_on_the_device_is_updated_in_place()
    {
        using var session = InferenceSession.Open(TestModel.Add, WebGpu);
        using var zero = session.Bind();
        using var run = session.Bind();
        var row = Tensor.Of<float>([1, 2, 3, 4], new Shape(1, 4));
        // The model reads and writes the same memory, whatever was in it before.
        run.BindShared("a", "sum", new Shape(1, 4));
        run.BindInput("b", row);
        run.Run();
        run.Run();
        Assert.Throws<InvalidOperationException>(() => run["sum"].ElementCount);
        run.BindOutput("sum");
        run.Run();
        var before = run.Take("sum").AsSpan<float>().ToArray();
        run.BindShared("a", "sum", new Shape(1, 4));
        run.Run();
        Assert.All(before, element => Assert.True(float.IsFinite(element)));
    }

    private static byte[] Perceptron() => TestModel.Of(
        [
            TestModel.Node("Gemm", ["x", "w1", "b1"], ["h"], "up", attributes: TestModel.Attribute("transB", 1)),
            TestModel.Node("LayerNormalization", ["h", "scale", "b1"], ["n"], "norm"),
            TestModel.Node("Gemm", ["n", "w2", "b2"], ["y"], "down", attributes: TestModel.Attribute("transB", 1)),
        ],
        [TestModel.Value("x", ElementType.Float32, "n", Width)], [TestModel.Value("y", ElementType.Float32, "n", Width)],
        [
            TestModel.Initializer("w1", Noise(2, 4 * Width, Width)), TestModel.Initializer("b1", Noise(3, 4 * Width)),
            TestModel.Initializer("scale", Noise(4, 4 * Width)), TestModel.Initializer("w2", Noise(5, Width, 4 * Width)),
            TestModel.Initializer("b2", Noise(6, Width)),
        ]);

    /// <summary>Numbers of about the size of trained weights, so that sums of a few hundred of them stay near 1.</summary>
    private static Tensor Noise(int seed, params long[] shape)
    {
        var random = new Random(seed);
        var tensor = Tensor.Zeros(ElementType.Float32, new Shape(shape));
        foreach (ref var element in tensor.AsSpan<float>())
            element = (random.NextSingle() - 0.5f) / 4;
        return tensor;
    }

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        var e = expected.AsSpan<float>();
        var a = actual.AsSpan<float>();
        for (var i = 0; i < e.Length; i++)
            Assert.True(MathF.Abs(e[i] - a[i]) <= 1e-5f, $"element {i}: {e[i]} expected, {a[i]} found");
    }
}
