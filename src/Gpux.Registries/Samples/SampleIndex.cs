using System.Text.Json;

namespace Gpux.Registries.Samples;

/// <summary>A model that comes with the program.</summary>
internal sealed record Sample(
    string Name, string Description, string Task, string Licence, string Commit, IReadOnlyList<ModelFile> Files);

/// <summary>Reads samples/index.json. The format is described in docs/formats/samples-index.md.</summary>
internal static class SampleIndex
{
    private const int LimitBytes = 16 << 20;

    /// <exception cref="SamplesDamagedException">There is no index, or it breaks its format.</exception>
    public static IReadOnlyList<Sample> Read(string folder)
    {
        var path = Path.Combine(folder, "index.json");
        try
        {
            if (new FileInfo(path) is not { Exists: true } file)
                throw new SamplesDamagedException(path, "there is no such file");
            if (file.Length > LimitBytes)
                throw new SamplesDamagedException(path, $"it exceeds {LimitBytes >> 20} MiB");
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return [.. json.RootElement.GetProperty("models").EnumerateArray().Select(ReadSample)];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new SamplesDamagedException(path, exception.Message, exception);
        }
    }

    private static Sample ReadSample(JsonElement model)
    {
        var (name, commit) = (Text(model, "name"), Text(model, "commit"));
        RepositoryPath.Check("The index of samples", name);
        if (commit.Length != 40 || !commit.All(char.IsAsciiHexDigitLower))
            throw new FormatException($"the commit of '{name}' is not 40 lower-case hexadecimal digits");
        var files = new List<ModelFile>();
        foreach (var file in model.GetProperty("files").EnumerateArray())
        {
            var path = Text(file, "path");
            RepositoryPath.Check(name, path);
            files.Add(new ModelFile(path, file.GetProperty("size").GetInt64(), Digest.Parse($"sha256:{Text(file, "sha256")}")));
        }
        return new Sample(name, Text(model, "description"), Text(model, "task"), Text(model, "licence"), commit, files);
    }

    private static string Text(JsonElement of, string name) =>
        of.GetProperty(name).GetString() is { Length: > 0 } text ? text : throw new FormatException($"'{name}' is empty");
}

/// <summary>The models that come with the program are missing or changed.</summary>
public sealed class SamplesDamagedException(string path, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.SamplesDamaged,
    $"The samples that come with GPUX cannot be read at '{path}': {problem}.",
    "Reinstall GPUX, or set GPUX_SAMPLES to a folder with an index.json.",
    inner);
