using System.Globalization;
using System.Text;
using Gpux.Models.Yaml;
using Gpux.Registries.Yaml;

namespace Gpux.Models.Locks;

/// <summary>A file of a locked model.</summary>
/// <param name="Sha256">Lower-case hexadecimal.</param>
/// <param name="Archive">The published archive that holds it; null if it is published as it is.</param>
public sealed record LockedFile(string Path, long SizeBytes, string Sha256, string? Archive = null)
{
    /// <summary>What is fetched to have it.</summary>
    public string PublishedPath => Archive ?? Path;
}

/// <summary>A model in its exact bytes.</summary>
/// <param name="Revision">What was asked for when it was locked; null for the registry's default.</param>
/// <param name="Files">By path: all that are needed to run it; of a model that cannot be run, all that were fetched.</param>
public sealed record LockedModel(string Registry, string Name, string? Revision, string Commit, IReadOnlyList<LockedFile> Files)
{
    public ModelReference Asked => new(Registry, Name, Revision);
}

/// <summary>gpux.lock: the exact bytes of the models that a folder uses. The format is described in docs/formats/lock-file.md.</summary>
/// <param name="Models">By registry, name and revision.</param>
/// <param name="GpuxVersion">Of the program that wrote it.</param>
public sealed record LockFile(IReadOnlyList<LockedModel> Models, string GpuxVersion)
{
    public const string FileName = "gpux.lock";
    private const int Format = 1;
    private static readonly YamlRules Rules = new(SizeLimitBytes: 64 << 20, ValueLimit: 5_000_000, IsOneTree: true);

    /// <returns>Null if there is no such file.</returns>
    /// <exception cref="LockFileException">It is damaged, or of a later format.</exception>
    public static LockFile? Read(string path)
    {
        if (!File.Exists(path))
            return null;
        Exception Refuse(int line, string problem) => new LockFileException(path, line, problem);
        var file = YamlReader.Read(path, Rules, Refuse);
        file.RequireKnown("format", "gpux", "models");
        if (file.Integer("format", 1, long.MaxValue) is not Format)
            throw file.Refuse($"its format is not {Format}: it was written by a later gpux");
        var models = file.Maps("models").Select(ReadModel).ToArray();
        return new LockFile(models, file.RequireText("gpux"));
    }

    /// <summary>The file with these models, those of the same registry, name and revision replaced.</summary>
    public LockFile With(IEnumerable<LockedModel> models)
    {
        var all = Models.ToDictionary(model => model.Asked);
        foreach (var model in models)
            all[model.Asked] = model;
        return this with { Models = [.. all.Values.OrderBy(model => model.Asked.ToString(), StringComparer.Ordinal)] };
    }

    /// <summary>The same models give the same bytes.</summary>
    public string Write()
    {
        var text = new StringBuilder();
        text.Append("# The exact bytes of the models that this folder uses, written by gpux lock. Keep it under version control.\n");
        text.Append("# gpux pull --locked fetches them; gpux lock --check compares what is on this machine; gpux lock MODEL brings an entry up to date.\n");
        text.Append($"format: {Format}\ngpux: {Quoted(GpuxVersion)}\nmodels:{(Models.Count == 0 ? " []" : "")}\n");
        foreach (var model in Models)
        {
            text.Append($"  - registry: {Quoted(model.Registry)}\n    name: {Quoted(model.Name)}\n");
            if (model.Revision is { } revision)
                text.Append($"    revision: {Quoted(revision)}\n");
            text.Append($"    commit: {Quoted(model.Commit)}\n    files:\n");
            foreach (var file in model.Files.OrderBy(file => file.Path, StringComparer.Ordinal))
            {
                text.Append(CultureInfo.InvariantCulture, $"      - path: {Quoted(file.Path)}\n        size: {file.SizeBytes}\n        sha256: {Quoted(file.Sha256)}\n");
                if (file.Archive is { } archive)
                    text.Append($"        archive: {Quoted(archive)}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>Writes the file as a whole: whoever reads sees the old content or the new.</summary>
    /// <exception cref="OutputException">The folder cannot be written.</exception>
    public void Save(string path)
    {
        try
        {
            OutputFile.WriteText(path, Write());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(path, exception);
        }
    }

    private static LockedModel ReadModel(YamlReader model)
    {
        model.RequireKnown("registry", "name", "revision", "commit", "files");
        var commit = model.RequireText("commit");
        if (commit.Length is not (40 or 64) || !commit.All(char.IsAsciiHexDigitLower))
            throw model.Refuse($"the commit '{commit}' is not 40 or 64 lower-case hexadecimal digits");
        var files = model.Maps("files").Select(file =>
        {
            file.RequireKnown("path", "size", "sha256", "archive");
            var sha256 = file.RequireText("sha256");
            return sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower)
                ? new LockedFile(file.RequireText("path"), file.Integer("size", 0, long.MaxValue) ?? throw file.Refuse("a file has no size"), sha256, file.Text("archive"))
                : throw file.Refuse($"the digest '{sha256}' is not 64 lower-case hexadecimal digits");
        }).ToArray();
        return new LockedModel(model.RequireText("registry"), model.RequireText("name"), model.Text("revision"), commit, files);
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}

/// <summary>A gpux.lock that cannot be read.</summary>
public sealed class LockFileException(string path, int line, string problem) : GpuxException(ErrorCode.LockFileInvalid,
    $"{path}{(line > 0 ? $", line {line}" : "")}: {problem}.", "Restore the file from version control, or write it anew: delete it, then gpux lock MODEL.");
