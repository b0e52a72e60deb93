using Gpux.Conversion.Checkpoints;
using Gpux.Models.Batches;
using Gpux.Registries.Store;

namespace Gpux.Models.Storage;

/// <summary>Vectors of a text file's rows, which a search made and keeps.</summary>
/// <param name="Path">A .safetensors file; of work that was interrupted, the rows that are done.</param>
/// <param name="Model">The identity of the model that made them: reference, commit and variant; null where the file does not say.</param>
/// <param name="LastUsed">The last search in them.</param>
/// <param name="Bytes">Of the disk.</param>
/// <param name="IsPartial">Whether rows are missing: a search goes on there, or a process died.</param>
public sealed record StoredEmbeddings(string Path, string? Model, DateTimeOffset LastUsed, long Bytes, bool IsPartial)
{
    private const string Extension = ".safetensors";

    /// <summary>Everything in a folder of embeddings, by name.</summary>
    public static IReadOnlyList<StoredEmbeddings> Of(string folder) => !Directory.Exists(folder) ? []
        : [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(path => new StoredEmbeddings(
            path, ModelOf(path), new DateTimeOffset(File.GetLastWriteTimeUtc(path)), DiskBlocks.Of(path)?.Bytes ?? 0, !IsWhole(path)))];

    /// <summary>Deletes the file.</summary>
    /// <returns>False if another process is writing it.</returns>
    /// <exception cref="BatchOutputException">The folder cannot be written.</exception>
    public bool Delete()
    {
        try
        {
            // Who writes has locked the rows; what lies beside them goes by their lock.
            using var alone = IsPartial && File.Exists(Rows) ? new FileStream(Rows, FileMode.Open, FileAccess.Read, FileShare.Delete) : null;
            File.Delete(Path);
            return true;
        }
        catch (IOException exception) when (ResumableFile.IsInUse(exception))
        {
            return false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BatchOutputException(Path, exception.Message, "Change the permissions of the folder.", exception);
        }
    }

    private static bool IsWhole(string path) => path.EndsWith(Extension, StringComparison.Ordinal);

    // NAME.safetensors.partial of itself, of NAME.safetensors.partial.json and of NAME.safetensors.tmp.
    private string Rows => Path.LastIndexOf(Extension, StringComparison.Ordinal) is var at and >= 0 ? $"{Path[..(at + Extension.Length)]}.partial" : Path;

    private static string? ModelOf(string path)
    {
        if (!IsWhole(path))
            return null;
        try
        {
            using var file = MappedRegion.Open(path);
            var header = SafetensorsHeader.ReadLength(file.Slice(0, SafetensorsHeader.PrefixBytes).Span, path, file.Length);
            return SafetensorsHeader.Parse(file.Slice(SafetensorsHeader.PrefixBytes, header).Span, path, file.Length).Metadata.GetValueOrDefault("model");
        }
        catch (Exception exception) when (exception is GpuxException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // Damaged: nobody's.
        }
    }
}
