using Gpux.Runtime.Sessions;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Tests.Sessions;

public sealed class ProviderReportTests
{
    private static readonly Dictionary<string, Tensor> Matrix = new() { ["a"] = Tensor.Zeros(ElementType.Float32, new Shape(2, 3)) };

    [Fact]
    public void Report_says_what_ran_where()
    {
        using var session = InferenceSession.Open(ShapeArithmetic("flatten"));
        var report = session.ReportProviders(Matrix);
        Assert.All(report.Nodes, node => Assert.Equal((ExecutionProvider.Cpu, 1, true), (node.Provider, node.Count, node.IsOnCpu)));
        Assert.Equal(["Shape", "ReduceProd", "Reshape", "Neg"], report.Nodes.Select(node => node.Operator));
        // Shape computations are no loss on the CPU.
        Assert.Equal(["flatten", "negate"], report.ComputedOnCpu.Select(node => node.Name));
        Assert.StartsWith("CPUExecutionProvider: 4 nodes, ", report.ToString());
    }

    [Fact]
    public void Loop_bodies_are_counted_and_the_loop_itself_is_no_computation()
    {
        using var session = InferenceSession.Open(TestModel.Count);
        var report = session.ReportProviders(new Dictionary<string, Tensor>
        {
            ["steps"] = Tensor.Of<long>([5], Shape.Scalar),
            ["start"] = Tensor.Of<float>([0], Shape.Scalar),
        });
        Assert.Equal(5, Assert.Single(report.Nodes, node => node.Name == "increment").Count);
        Assert.Equal(["increment"], report.ComputedOnCpu.Select(node => node.Name));
    }

    [Theory]
    [InlineData("quote\"backslash\\")]
    [InlineData("line\nbreak")]
    [InlineData("ünïcode/and spaces")]
    [InlineData("a_kernel_time\",\"args\" : {}")]
    public void Any_name_of_a_node_can_be_read(string name)
    {
        using var session = InferenceSession.Open(ShapeArithmetic(name));
        Assert.Contains(name, session.ReportProviders(Matrix).Nodes.Select(node => node.Name));
    }

    [Fact]
    public async Task Reports_do_not_disturb_runs_nor_runs_reports()
    {
        // More threads than processors, and work for all of them: without care, a recording begins amid the work of a run.
        var a = Tensor.Zeros(ElementType.Float32, new Shape(1 << 16, 4));
        var inputs = new Dictionary<string, Tensor> { ["a"] = a, ["b"] = a };
        using var session = InferenceSession.Open(TestModel.Add, new SessionOptions { IntraOpThreads = 4 });
        var stop = false;
        var runs = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() =>
        {
            while (!Volatile.Read(ref stop))
                session.Run(inputs).Dispose();
        }, TaskCreationOptions.LongRunning)).ToArray();
        for (var i = 0; i < 100; i++)
            Assert.Equal(1, Assert.Single(session.ReportProviders(inputs).Nodes).Count);
        Volatile.Write(ref stop, true);
        await Task.WhenAll(runs);
    }

    [Fact]
    public void Recordings_leave_no_files()
    {
        using var session = InferenceSession.Open(TestModel.Count);
        using var options = new RunOptionsHandle(null);
        string folder;
        using (var recording = new RunRecording(options))
        {
            folder = recording.Folder;
            Assert.True(Directory.Exists(folder));
        }
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public void Required_gpu_refuses_what_has_none()
    {
        var options = new SessionOptions { RequireGpu = true };
        Assert.Contains("no execution provider", Assert.Throws<GpuRequiredException>(() => InferenceSession.Open(TestModel.Add, options)).Message);
        Assert.Throws<GpuRequiredException>(() => InferenceSession.Open(TestModel.Add, options with { ExecutionProviders = [new("CPU")] }));
        Assert.Throws<ArgumentException>(() => InferenceSession.Open(TestModel.Add, options with { ExecutionProviders = [new("WebGPU")], ProfilingPrefix = "p" }));
    }

    [Fact]
    public void Required_gpu_names_the_nodes_that_fell_back()
    {
        static NodeExecution Node(string name, string provider, bool isCompute) => new(name, "MatMul", provider, 1, TimeSpan.FromTicks(name.Length), isCompute);
        var good = new ProviderReport([Node("gpu", "WebGpuExecutionProvider", true), Node("shape", "CPUExecutionProvider", false)]);
        Placement.Require(good, "model.onnx");
        var bad = good with { Nodes = [.. good.Nodes, Node("slow", "CPUExecutionProvider", true), Node("slower", "DnnlExecutionProvider", true)] };
        var error = Assert.Throws<GpuRequiredException>(() => Placement.Require(bad, "model.onnx"));
        Assert.Contains("2 of 3 computing nodes of 'model.onnx' ran on the CPU: slower (MatMul), slow (MatMul).", error.Message);
        Assert.Equal(["slow", "slower"], error.Nodes.Select(node => node.Name));
    }

    private static byte[] ShapeArithmetic(string name) => TestModel.Of(
        [
            TestModel.Node("Shape", ["a"], ["shape"], "shape"), TestModel.Node("ReduceProd", ["shape"], ["size"], "size"),
            TestModel.Node("Reshape", ["a", "size"], ["flat"], name), TestModel.Node("Neg", ["flat"], ["b"], "negate"),
        ],
        [TestModel.Value("a", ElementType.Float32, "n", "m")], [TestModel.Value("b", ElementType.Float32, "k")]);
}
