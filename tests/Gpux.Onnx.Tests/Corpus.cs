namespace Gpux.Onnx.Tests;

/// <summary>The ONNX files of the conformance corpus: exported by PyTorch and optimum, rewritten by ONNX's and ONNX Runtime's tools.</summary>
internal static class Corpus
{
    public static string Root { get; } = Find();

    /// <summary>Relative to <see cref="Root"/>, in a fixed order.</summary>
    public static IReadOnlyList<string> Models { get; } = [.. Directory
        .EnumerateFiles(Path.Join(Root, "graphs"), "*.onnx", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(Root, path))
        .Order(StringComparer.Ordinal)];

    public static TheoryData<string> Theory { get; } = [.. Models];

    public static byte[] Read(string model) => File.ReadAllBytes(PathOf(model));

    public static string PathOf(string model) => Path.Join(Root, model);

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("GPUX_CONFORMANCE") is { Length: > 0 } stated)
            return stated;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Join(folder.FullName, "gpux.slnx")))
                return Path.GetFullPath(Path.Join(folder.FullName, "..", "shared", "conformance"));
        }
        throw new DirectoryNotFoundException("Set GPUX_CONFORMANCE to the folder of the conformance corpus.");
    }
}
