using System.IO.Compression;

namespace Gpux.Registries.Archives;

/// <summary>Lists what is in a tar, a zip, or either in gzip, or a single file in gzip: told by content, whatever the archive is called.</summary>
internal static class ArchiveEntries
{
    /// <param name="archive">From its first byte; it can seek.</param>
    /// <param name="name">What the registry calls it, for the one member of a bare gzip.</param>
    /// <param name="budget">Told what comes out of a compressed tar.</param>
    /// <exception cref="InvalidDataException">It is damaged, or no archive.</exception>
    /// <exception cref="EndOfStreamException">It was cut short.</exception>
    /// <exception cref="ArchiveTooLargeException">It unpacks to more than a model's archive does.</exception>
    public static IEnumerable<ArchiveEntry> Read(Stream archive, string name, UnpackingBudget budget)
    {
        var start = Peek(archive);
        archive.Position = 0;
        if (ZipEntries.IsZip(start))
            return ZipEntries.Read(archive);
        if (TarEntries.IsHeader(start))
            return TarEntries.Read(archive);
        return start is [0x1f, 0x8b, ..] ? ReadGzip(archive, name, budget) : throw new InvalidDataException("it is no tar, zip or gzip file");
    }

    private static IEnumerable<ArchiveEntry> ReadGzip(Stream archive, string name, UnpackingBudget budget)
    {
        var isTar = false;
        using (var start = new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true))
            isTar = TarEntries.IsHeader(Peek(start));
        archive.Position = 0;
        using var content = new WholeGzip(archive);
        if (!isTar)
            yield return new ArchiveEntry(BareName(name), EntryKind.File, null, content);
        foreach (var entry in isTar ? TarEntries.Read(new BudgetedStream(content, budget)) : [])
            yield return entry;
    }

    private static byte[] Peek(Stream stream)
    {
        var start = new byte[TarEntries.BlockBytes];
        return start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    private static string BareName(string name)
    {
        var file = name[(name.LastIndexOf('/') + 1)..];
        return file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) && file.Length > 3 ? file[..^3] : file;
    }

    // Counts what comes out of a decompressor, headers and padding too.
    private sealed class BudgetedStream(Stream source, UnpackingBudget budget) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            var read = source.Read(buffer);
            budget.AddBytes(read);
            return read;
        }
    }
}
