using Gpux.Conversion.Checkpoints;
using Gpux.Registries.Store;

namespace Gpux.Models;

/// <summary>Sparse files that have the header and the size of weight files, and take no space: enough to plan a conversion
/// before the weights are fetched.</summary>
internal sealed class HeaderStandIns : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-plan-").FullName;

    /// <summary>Makes a stand-in for a published weight file by a few range reads.</summary>
    /// <returns>Its path; null for a format, or a file of unknown size, that only the whole file tells about.</returns>
    public async Task<string?> MakeAsync(ModelStore store, ModelManifest manifest, ModelFile file, CancellationToken cancellationToken)
    {
        if (file.SizeBytes is not { } size)
            return null;
        var outline = await CheckpointOutline.ReadAsync(file.Path, size,
            (offset, length) => store.ReadAsync(manifest, file, offset, length, cancellationToken));
        if (outline is null)
            return null;
        var path = Path.Combine(_folder, $"{Directory.EnumerateFiles(_folder).Count()}");
        await using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        stream.SetLength(size);
        foreach (var part in outline)
        {
            stream.Position = part.Offset;
            await stream.WriteAsync(part.Bytes, cancellationToken);
        }
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
