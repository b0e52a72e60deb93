namespace Gpux.Models.Projects;

/// <summary>Which of a repository's copies of the weights to use.</summary>
/// <param name="Format">One of <see cref="Formats"/>; null for any.</param>
/// <param name="File">One file, or the index of its parts; null for any.</param>
public sealed record WeightsChoice(string? Format, string? File)
{
    private static readonly (string Format, string[] Extensions)[] Known =
    [
        ("safetensors", [".safetensors", ".safetensors.index.json"]), ("pytorch", [".bin", ".bin.index.json", ".pt", ".pth", ".ckpt"]),
        ("onnx", [".onnx"]), ("keras", [".h5", ".keras"]), ("flax", [".msgpack", ".msgpack.index.json"]),
        ("tensorflow", [".ckpt.index", ".pb"]), ("tflite", [".tflite"]), ("gguf", [".gguf"]),
    ];

    public static IReadOnlyList<string> Formats { get; } = [.. Known.Select(known => known.Format)];

    /// <summary>The format of a weight file by its name; null if it is none.</summary>
    public static string? FormatOf(string path) =>
        Array.Find(Known, known => known.Extensions.Any(extension => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase))).Format;

    /// <summary>A model's files without the copies of the weights that were not chosen.</summary>
    public IEnumerable<ModelFile> Of(IEnumerable<ModelFile> files) => files.Where(file => FormatOf(file.Path) is not { } format
        || (File is not null ? file.Path == File || IsPart(file.Path) : format == Format));

    /// <summary>What tells a variant of this choice from the usual one; null where the choice leaves nothing out.</summary>
    public string? Key(IReadOnlyCollection<ModelFile> files) => Of(files).Count() == files.Count ? null : $"{Format}|{File}";

    // model-00001-of-00002.safetensors, of model.safetensors.index.json
    private bool IsPart(string path) => File!.EndsWith(".index.json", StringComparison.Ordinal) // the caller has one
        && path.Contains("-of-", StringComparison.Ordinal) && FormatOf(path) == FormatOf(File);
}
