using System.Buffers.Binary;
using Gpux.Conversion.Checkpoints;
using Gpux.Registries.Store;

namespace Gpux.Models;

/// <summary>Sparse files that have the header and the size of weight files, and take no space: enough to plan a conversion
/// before the weights are fetched.</summary>
internal sealed class HeaderStandIns : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-plan-").FullName;

    /// <summary>Makes a stand-in for a published safetensors file by two range reads.</summary>
    /// <returns>Its path.</returns>
    public async Task<string> MakeAsync(ModelStore store, ModelManifest manifest, ModelFile file, CancellationToken cancellationToken)
    {
        if (file.SizeBytes is not { } size)
            throw new InvalidCheckpointException(file.Path, "the registry does not say how large it is");
        var prefix = await store.ReadAsync(manifest, file, 0, SafetensorsHeader.PrefixBytes, cancellationToken);
        var length = SafetensorsHeader.ReadLength(prefix, file.Path, size);
        var header = await store.ReadAsync(manifest, file, SafetensorsHeader.PrefixBytes, length, cancellationToken);
        if (header.Length != length)
            throw new InvalidCheckpointException(file.Path, $"only {header.Length} bytes came of its header of {length}");
        var path = Path.Combine(_folder, $"{Directory.EnumerateFiles(_folder).Count()}.safetensors");
        await using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        var start = new byte[SafetensorsHeader.PrefixBytes];
        BinaryPrimitives.WriteInt64LittleEndian(start, length);
        await stream.WriteAsync(start, cancellationToken);
        await stream.WriteAsync(header, cancellationToken);
        stream.SetLength(size);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
