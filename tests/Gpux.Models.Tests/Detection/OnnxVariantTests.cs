using Gpux.Models.Detection;

namespace Gpux.Models.Tests.Detection;

public sealed class OnnxVariantTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_with_one_ONNX_file_means_that_file()
    {
        var graph = Add("model.onnx");
        Add("model.onnx_data");
        Assert.Equal(graph, OnnxVariant.Find(Local(_folder)));
        Assert.Equal(graph, OnnxVariant.Find(Local(graph)));
    }

    [Fact]
    public void A_repository_is_a_repository()
    {
        Add("model.onnx");
        Add("config.json");
        Assert.Null(OnnxVariant.Find(Local(_folder)));
    }

    [Fact]
    public void Of_several_files_one_must_be_named()
    {
        var first = Add("a.onnx");
        Add("b.onnx");
        Assert.Contains(first, Assert.Throws<AmbiguousGraphException>(() => OnnxVariant.Find(Local(_folder))).Remedy, StringComparison.Ordinal);
        Assert.Equal(first, OnnxVariant.Find(Local(first)));
    }

    [Fact]
    public void Anything_else_is_none()
    {
        Assert.Null(OnnxVariant.Find(Local(_folder)));
        Assert.Null(OnnxVariant.Find(Local(Path.Combine(_folder, "absent.onnx"))));
        Assert.Null(OnnxVariant.Find(new ModelReference(ModelReference.HuggingFace, "org/model.onnx")));
    }

    private static ModelReference Local(string path) => new(ModelReference.Local, path);

    private string Add(string name)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, []);
        return path;
    }
}
