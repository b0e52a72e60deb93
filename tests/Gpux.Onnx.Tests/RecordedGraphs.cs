namespace Gpux.Onnx.Tests;

/// <summary>The ONNX files of the conformance corpus: exported by PyTorch and optimum, rewritten by ONNX's and ONNX Runtime's tools.</summary>
internal static class RecordedGraphs
{
    /// <summary>Relative to the corpus, in a fixed order.</summary>
    public static IReadOnlyList<string> Models { get; } = [.. Directory
        .EnumerateFiles(Corpus.PathOf("graphs"), "*.onnx", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Corpus.Root, path))
        .Order(StringComparer.Ordinal)];

    public static TheoryData<string> Theory { get; } = [.. Models];

    public static byte[] Read(string model) => File.ReadAllBytes(PathOf(model));

    public static string PathOf(string model) => Corpus.PathOf(model);
}
