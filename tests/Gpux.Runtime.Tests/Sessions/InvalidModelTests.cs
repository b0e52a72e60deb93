using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Tests.Sessions;

public sealed class InvalidModelTests
{
    private static readonly byte[] In = TestModel.Value("a", ElementType.Float32, 1);
    private static readonly byte[] Out = TestModel.Value("b", ElementType.Float32, 1);

    [Fact]
    public void Missing_file_is_named()
    {
        var error = Assert.Throws<ModelFileMissingException>(() => InferenceSession.Open("/nowhere/model.onnx"));
        Assert.Equal("/nowhere/model.onnx", error.Path);
    }

    [Fact]
    public void What_is_no_model_is_refused()
    {
        Assert.Throws<InvalidModelException>(() => InferenceSession.Open("<html>not found</html>"u8));
        Assert.Throws<InvalidModelException>(() => InferenceSession.Open(TestModel.Add.AsSpan()[..50]));
        Assert.Throws<InvalidModelException>(() => InferenceSession.Open([]));
        Assert.Contains("Git LFS", Assert.Throws<InvalidModelException>(() => InferenceSession.Open(
            "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"u8)).Message);
    }

    [Fact]
    public void Every_cut_of_a_model_is_refused_with_a_typed_error()
    {
        for (var length = 0; length < TestModel.Count.Length; length++)
        {
            // Some cuts fall between fields, and leave a model that lacks the rest.
            var error = Record.Exception(() => InferenceSession.Open(TestModel.Count.AsSpan()[..length]).Dispose());
            Assert.True(error is null or SessionException, $"{length}: {error}");
        }
    }

    [Fact]
    public void Newer_versions_of_onnx_are_named()
    {
        var opset = Assert.Throws<ModelTooNewException>(() => Open(TestModel.Of([TestModel.Node("Relu", ["a"], ["b"])], [In], [Out], opset: 99)));
        Assert.Contains("opset 99 of domain ai.onnx; this ONNX Runtime knows up to 26.", opset.Message);
        var ir = Assert.Throws<ModelTooNewException>(() => Open(TestModel.Of([TestModel.Node("Relu", ["a"], ["b"])], [In], [Out], irVersion: 99)));
        Assert.Contains("IR version 99; this ONNX Runtime reads up to 13.", ir.Message);
    }

    [Theory]
    [InlineData("Frobnicate", "", "Frobnicate of opset 21")]
    [InlineData("Frobnicate", "com.microsoft", "com.microsoft:Frobnicate")]
    [InlineData("Frobnicate", "my.domain", "my.domain:Frobnicate")]
    public void Unknown_operators_are_named(string name, string domain, string expected)
    {
        var error = Assert.Throws<UnsupportedOperatorException>(() => Open(TestModel.Of(
            [TestModel.Node(name, ["a"], ["b"], null, domain)], [In], [Out], extra: domain.Length > 0 ? [TestModel.OpsetImport(domain, 1)] : [])));
        Assert.Equal(expected, error.Operator);
    }

    [Fact]
    public void Operators_without_implementation_are_named_with_their_node()
    {
        var error = Assert.Throws<UnsupportedOperatorException>(() => Open(TestModel.Of(
            [TestModel.Node("MatMul", ["a", "a"], ["b"], "product")], [TestModel.Value("a", ElementType.BFloat16, 2, 2)], [TestModel.Value("b", ElementType.BFloat16, 2, 2)])));
        Assert.Equal("MatMul(13)", error.Operator);
        Assert.Contains("'product'", error.Message);
    }

    [Fact]
    public void Broken_graphs_are_refused()
    {
        string Message(byte[][] nodes, byte[][] inputs, byte[][] outputs) => Assert.Throws<InvalidModelException>(() => Open(TestModel.Of(nodes, inputs, outputs))).Message;
        Assert.Contains("acyclic", Message([TestModel.Node("Add", ["a", "b"], ["c"]), TestModel.Node("Relu", ["c"], ["b"])], [In], [Out]));
        Assert.Contains("'missing'", Message([TestModel.Node("Add", ["a", "missing"], ["b"])], [In], [Out]));
        Assert.Contains("Duplicate", Message([TestModel.Node("Relu", ["a"], ["b"]), TestModel.Node("Neg", ["a"], ["b"])], [In], [Out]));
        Assert.Contains("different types", Message([TestModel.Node("Add", ["a", "i"], ["b"], "sum")], [In, TestModel.Value("i", ElementType.Int64, 1)], [Out]));
        Assert.DoesNotContain("onnxruntime_src", Message([TestModel.Node("Relu", ["a"], ["c"])], [In], [Out]));
    }

    [Fact]
    public void Providers_that_the_library_lacks_are_refused_with_those_that_it_has()
    {
        var error = Assert.Throws<ProviderUnavailableException>(() => InferenceSession.Open(TestModel.Add,
            new SessionOptions { ExecutionProviders = [new ExecutionProvider("QNN")] }));
        Assert.Equal("QNN", error.Provider);
        Assert.Contains("CPUExecutionProvider", error.Message);
        Assert.Contains("GPUX_ONNXRUNTIME", error.Remedy);
        // Its name is in the shipped library, but what it needs is kept apart.
        Assert.Contains("cannot start", Assert.Throws<ProviderUnavailableException>(() => InferenceSession.Open(TestModel.Add,
            new SessionOptions { ExecutionProviders = [new ExecutionProvider("cuda", new Dictionary<string, string> { ["device_id"] = "0" })] })).Message);
        Assert.Throws<ProviderUnavailableException>(() => OnnxRuntimeLibrary.RegisterProviders("plug-in", "/nowhere/libprovider.so"));
    }

    private static void Open(byte[] model) => InferenceSession.Open(model).Dispose();
}
