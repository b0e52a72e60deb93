using System.Runtime.InteropServices;
using System.Text;
using Gpux.Models.Verification;
using Gpux.Onnx;
using Gpux.Onnx.Building;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.Runtime.Sessions;
using Gpux.StandIns;

namespace Gpux.Models.Tests.Verification;

public sealed class TestDataCheckTests : IDisposable
{
    private static readonly float[] X = [1, -2, 3, 0.5f, 0, -1];

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Model_that_gives_what_was_recorded_passes()
    {
        Write("model.onnx", Model());
        WriteSet("test_data_set_0", X, Expected(X));
        WriteSet("test_data_set_1", [0, 0, 0, 0, 0, 0], Expected([0, 0, 0, 0, 0, 0]));
        var report = Run();
        Assert.True(report.Passed);
        Assert.Equal(["test_data_set_0", "test_data_set_1"], report.Results.Select(result => result.Folder));
        Assert.Equal(0, report.MaxAbs);
    }

    [Fact]
    public void One_wrong_element_of_the_last_set_is_found()
    {
        Write("model.onnx", Model());
        WriteSet("test_data_set_0", X, Expected(X));
        var wrong = Expected(X);
        wrong[^1] += 0.1f;
        WriteSet("test_data_set_1", X, wrong);
        var report = Run();
        Assert.False(report.Passed);
        Assert.Equal([true, false], report.Results.Select(result => result.Comparison.Within));
        Assert.Equal(0.1, report.MaxAbs, 1e-5);
    }

    [Fact]
    public void Names_decide_where_the_tensors_have_them()
    {
        Write("model.onnx", Model());
        // The inputs in the other order.
        Write("test_data_set_0/input_0.pb", Proto("bias", [2], [10, 20]));
        Write("test_data_set_0/input_1.pb", Proto("x", [3, 2], X));
        Write("test_data_set_0/output_0.pb", Proto("", [3, 2], Expected(X)));
        Assert.True(Run().Passed);
    }

    [Theory]
    [InlineData("test_data_set_0/output_0.pb", "damaged")]
    [InlineData("test_data_set_0/input_0.pb", "damaged")]
    public void Damaged_tensor_is_refused(string file, string content)
    {
        Write("model.onnx", Model());
        WriteSet("test_data_set_0", X, Expected(X));
        Write(file, Encoding.ASCII.GetBytes(content));
        Assert.Throws<InvalidTestDataException>(Run);
    }

    [Fact]
    public void Truncated_tensor_gap_and_surplus_are_refused()
    {
        Write("model.onnx", Model());
        WriteSet("test_data_set_0", X, Expected(X));
        Write("test_data_set_0/output_0.pb", Proto("", [3, 2], X[..5]));
        Assert.Throws<InvalidTestDataException>(Run);
        Write("test_data_set_0/output_0.pb", Proto("", [3, 2], Expected(X)));
        Write("test_data_set_0/output_1.pb", Proto("", [1], [1]));
        Assert.Throws<InvalidTestDataException>(Run);
        File.Delete(Path.Combine(_folder, "test_data_set_0", "output_0.pb"));
        Assert.Throws<InvalidTestDataException>(Run);
        File.Delete(Path.Combine(_folder, "test_data_set_0", "output_1.pb"));
        Assert.Throws<InvalidTestDataException>(Run);
    }

    [Fact]
    public void Model_without_data_is_not_judged()
    {
        Write("model.onnx", Model());
        Assert.Null(TestDataCheck.Run(ModelFiles.InFolder(_folder), "model.onnx", CancellationToken.None));
    }

    [Fact]
    public async Task Model_of_the_zoo_is_run_on_the_data_in_its_archive()
    {
        Write("model.onnx", Model());
        var members = new Dictionary<string, byte[]>
        {
            ["mnist-12/test_data_set_0/input_0.pb"] = Proto("x", [3, 2], X),
            ["mnist-12/test_data_set_0/input_1.pb"] = Proto("bias", [2], [10, 20]),
            ["mnist-12/test_data_set_0/output_0.pb"] = Proto("y", [3, 2], Expected(X)),
        };
        await using var zoo = await OnnxZooStandIn.StartAsync(File.ReadAllBytes(Path.Combine(_folder, "model.onnx")),
            TensorFlowHubStandIn.Gzip(TensorFlowHubStandIn.Tar(members)), members);
        var variables = new Dictionary<string, string>(zoo.Variables) { ["HOME"] = _folder, ["GPUX_HOME"] = Path.Combine(_folder, "home") };
        using var environment = new RegistryEnvironment(variables.GetValueOrDefault);
        var store = new ModelStore(environment);
        var model = await store.ResolveAsync(ModelReference.Parse(zoo.Reference, new ReferenceForms(RegistryCatalog.All)),
            Lookup.Default, progress: null, CancellationToken.None);
        // Nothing is here, and nothing is fetched unless asked for.
        Assert.Null(await TestDataCheck.RunAsync(store, model, fetch: false, progress: null, CancellationToken.None));
        var report = await TestDataCheck.RunAsync(store, model, fetch: true, progress: null, CancellationToken.None);
        Assert.True(report?.Passed);
        Assert.Equal("mnist-12.onnx", report?.ModelFile);
        var requests = zoo.Servers.Sum(server => server.Requests.Count);
        Assert.True((await TestDataCheck.RunAsync(store, model, fetch: false, progress: null, CancellationToken.None))?.Passed);
        Assert.Equal(requests, zoo.Servers.Sum(server => server.Requests.Count));
    }

    // y = tanh(x) + bias, over two columns.
    private static byte[] Model()
    {
        var graph = new GraphBuilder("test", GraphTarget.Portable);
        var x = graph.Input("x", ElementType.Float32, "rows", 2);
        var bias = graph.Input("bias", ElementType.Float32, 2);
        graph.Output("y", graph.Node("Tanh", [x], ElementType.Float32, x.Dims) + bias);
        using var bytes = new MemoryStream();
        OnnxWriter.Write(graph.ToModel(), bytes);
        return bytes.ToArray();
    }

    // As the runtime computes it: that data which fit pass exactly.
    private static float[] Expected(float[] x)
    {
        using var session = InferenceSession.Open(Model());
        using var outputs = session.Run(new Dictionary<string, Tensor>
        {
            ["x"] = Tensor.Of<float>(x, new Shape(3, 2)), ["bias"] = Tensor.Of<float>([10, 20], new Shape(2)),
        });
        return outputs["y"].AsSpan<float>().ToArray();
    }

    private TestDataReport Run() => TestDataCheck.Run(ModelFiles.InFolder(_folder), "model.onnx", CancellationToken.None)
        ?? throw new InvalidOperationException("There are no test data.");

    private void WriteSet(string set, float[] x, float[] y)
    {
        Write($"{set}/input_0.pb", Proto("", [3, 2], x));
        Write($"{set}/input_1.pb", Proto("", [2], [10, 20]));
        Write($"{set}/output_0.pb", Proto("", [3, 2], y));
    }

    private void Write(string name, byte[] content)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path) ?? _folder);
        File.WriteAllBytes(path, content);
    }

    // TensorProto: dims (1), data_type (2) float, name (8), raw_data (9).
    private static byte[] Proto(string name, byte[] dims, float[] values)
    {
        var raw = MemoryMarshal.AsBytes<float>(values).ToArray();
        return [.. dims.SelectMany(dim => (byte[])[1 << 3, dim]), 2 << 3, 1, 8 << 3 | 2, (byte)name.Length, .. Encoding.ASCII.GetBytes(name),
            9 << 3 | 2, (byte)raw.Length, .. raw];
    }
}
