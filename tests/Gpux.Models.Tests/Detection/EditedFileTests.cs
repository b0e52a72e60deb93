using Gpux.Onnx.Metadata;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests.Detection;

/// <summary>ONNX Runtime opens files whose metadata were changed in place, and reads in them what was meant.</summary>
public sealed class EditedFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-edited-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Runtime_sees_every_edit()
    {
        var path = TinyOnnx.Write(Path.Combine(_folder, "model.onnx"), ("a", "1"), ("b", "2"));
        Check(path, ("a", "1"), ("b", "2"));
        Set(path, ("a", "new"));
        Check(path, ("a", "new"), ("b", "2"));
        Set(path, ("c", "größer"));
        Check(path, ("a", "new"), ("b", "2"), ("c", "größer"));
        Set(path, ("long", new string('x', 100_000)));
        Check(path, ("a", "new"), ("b", "2"), ("c", "größer"), ("long", new string('x', 100_000)));
        MetadataEditor.Edit(path, new MetadataEdit { RemovePrefix = "", Set = [new("only", "")], DocString = "for people", ProducerName = "me" });
        Check(path, ("only", ""));
        using (var session = InferenceSession.Open(path))
            Assert.Equal(("for people", "me"), (session.Metadata.Description, session.Metadata.Producer));
        MetadataEditor.Edit(path, new MetadataEdit { RemovePrefix = "" });
        Check(path);
    }

    private static void Set(string path, params (string Key, string Value)[] pairs) =>
        MetadataEditor.Edit(path, new MetadataEdit { Set = [.. pairs.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value))] });

    private static void Check(string path, params (string Key, string Value)[] expected)
    {
        using var session = InferenceSession.Open(path);
        Assert.Equal(expected.ToDictionary(pair => pair.Key, pair => pair.Value), session.Metadata.Custom);
        using var outputs = session.Run(new Dictionary<string, Tensor> { ["x"] = Tensor.Of<float>([1f, 2f, 3f], new Shape(3)) });
        Assert.Equal([1f, 2f, 3f], outputs["y"].AsSpan<float>().ToArray());
    }
}
