using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gpux.Registries.OnnxZoo;

/// <summary>One model at one opset, as ONNX_HUB_MANIFEST.json has it.</summary>
/// <param name="Model">Names repeat, once for each opset.</param>
/// <param name="WithData">The archive of the model and its test data; null where there is none.</param>
internal sealed record ZooEntry(
    string Model, int Opset, string OnnxVersion, ModelFile File, ModelFile? WithData, IReadOnlyList<string> Tags, string? Inputs, string? Outputs)
{
    /// <summary>The file's name without ".onnx", which is also its repository's on the Hub.</summary>
    public string Stem => Path.GetFileNameWithoutExtension(File.Path);

    /// <summary>The model at this opset alone, whatever is added to the zoo.</summary>
    public string Commit => CommitId.Of(Files, Opset.ToString(CultureInfo.InvariantCulture));

    public IReadOnlyList<ModelFile> Files => WithData is null ? [File] : [File, WithData];

    /// <exception cref="FormatException">It is no entry of a manifest.</exception>
    /// <exception cref="UnsafePathException">It names a file that may not be used.</exception>
    public static ZooEntry Read(JsonElement entry)
    {
        var metadata = entry.GetProperty("metadata");
        var model = Text(entry, "model");
        return new ZooEntry(model, entry.GetProperty("opset_version").GetInt32(), Text(entry, "onnx_version"),
            FileOf(model, Text(entry, "model_path"), metadata, "model"),
            metadata.TryGetProperty("model_with_data_path", out var path) && path.GetString() is { Length: > 0 } archive
                ? FileOf(model, archive, metadata, "model_with_data") with { IsArchive = true } : null,
            metadata.TryGetProperty("tags", out var tags) ? [.. tags.EnumerateArray().Select(tag => tag.GetString() ?? "")] : [],
            Ports(metadata, "inputs"), Ports(metadata, "outputs"));
    }

    // The path in the repository is the file's id; the model's file is what stands last in it.
    private static ModelFile FileOf(string model, string path, JsonElement metadata, string prefix)
    {
        RepositoryPath.Check(model, path);
        return new ModelFile(path[(path.LastIndexOf('/') + 1)..], metadata.GetProperty($"{prefix}_bytes").GetInt64(),
            Digest.Parse($"sha256:{Text(metadata, $"{prefix}_sha").ToLowerInvariant()}")) { ObjectId = path };
    }

    // Such as "Input3: tensor(float)[1,1,28,28]".
    private static string? Ports(JsonElement metadata, string side)
    {
        if (!metadata.TryGetProperty("io_ports", out var ports) || !ports.TryGetProperty(side, out var list))
            return null;
        var text = new StringBuilder();
        foreach (var port in list.EnumerateArray())
            text.Append(text.Length == 0 ? "" : ", ").Append(Text(port, "name")).Append(": ").Append(Text(port, "type"))
                .Append('[').AppendJoin(',', port.GetProperty("shape").EnumerateArray().Select(size => size.ToString())).Append(']');
        return text.ToString();
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString() is { Length: > 0 } text ? text
        : throw new FormatException($"an entry of its manifest has no '{name}'.");
}
