using System.Buffers.Binary;
using System.IO.Compression;

namespace Gpux.Registries.Archives;

/// <summary>A file that a server sends as the first member of a zip: unpacked as it comes, without the zip's directory.</summary>
internal static class ZippedFile
{
    private const int HeaderBytes = 30;

    /// <param name="zip">From its first byte.</param>
    /// <param name="sizeBytes">Of the file.</param>
    /// <returns>The file's bytes.</returns>
    /// <exception cref="InvalidDataException">It is no zip, or none that can be unpacked so.</exception>
    public static async Task<Stream> OpenAsync(Stream zip, long? sizeBytes, CancellationToken cancellationToken)
    {
        var header = new byte[HeaderBytes];
        await zip.ReadExactlyAsync(header, cancellationToken);
        if (!ZipEntries.IsZip(header))
            throw new InvalidDataException("what it sends is no zip.");
        // Name and extensions are of no use: the file is known already.
        var rest = new byte[BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(26)) + BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(28))];
        await zip.ReadExactlyAsync(rest, cancellationToken);
        return (BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(6)) & ZipEntries.Encrypted,
            BinaryPrimitives.ReadUInt16LittleEndian(header.AsSpan(8)), sizeBytes) switch
        {
            (0, ZipEntries.Deflated, _) => new DeflateStream(zip, CompressionMode.Decompress),
            (0, ZipEntries.Stored, { } size) => new PartOfStream(zip, size),
            _ => throw new InvalidDataException("it sends a zip that is encrypted or compressed in an unusual way."),
        };
    }
}
