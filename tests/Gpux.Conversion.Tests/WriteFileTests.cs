using Gpux.Onnx;

namespace Gpux.Conversion.Tests;

public sealed class WriteFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-export-").FullName;
    private readonly ModelFiles _files = ModelFiles.InFolder(Corpus.PathOf("models", "bert-tokcls", "repo"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Weights_lie_within_the_file_or_beside_it_and_are_the_same()
    {
        var (inside, beside) = (Path.Combine(_folder, "inside.onnx"), Path.Combine(_folder, "new", "beside.onnx"));
        Converter.WriteFile(Plan(), _files, inside, [new("key", "value")]);
        var result = Converter.WriteFile(Plan(), _files, beside, [new("key", "value")], limitBytes: 20_000, progress: null);
        Assert.Equal(["inside.onnx"], Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path)));
        Assert.Equal(["beside.onnx", "beside.onnx.data"], Directory.EnumerateFiles(Path.Combine(_folder, "new")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(Directory.EnumerateFiles(Path.Combine(_folder, "new")).Sum(path => new FileInfo(path).Length), result.WrittenBytes);
        using var first = OnnxReader.Open(inside);
        using var second = OnnxReader.Open(beside);
        Assert.Equal("value", first.Model.Metadata.Single().Value);
        Assert.Equal(first.Model.Graph.Initializers.Count, second.Model.Graph.Initializers.Count);
        var external = 0;
        foreach (var (left, right) in first.Model.Graph.Initializers.Zip(second.Model.Graph.Initializers))
        {
            Assert.Null(left.External);
            external += right.External is null ? 0 : 1;
            using var region = right.External is null ? null : second.ReadExternal(right);
            Assert.True(left.Data.Span.SequenceEqual((region?.Memory ?? right.Data).Span), left.Name);
        }
        Assert.True(external > 10);
    }

    private ConversionPlan Plan() => Converter.Plan(_files, new ConversionOptions());
}
