using System.Globalization;
using System.Security.Cryptography;
using Gpux.Registries.Store;

namespace Gpux.Registries.Archives;

/// <summary>A member of an archive that was unpacked.</summary>
/// <param name="Path">Checked: safe below a folder on every platform, and unlike all others there.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
/// <param name="File">Where its bytes lie. A link shares them with what it leads to.</param>
internal sealed record UnpackedMember(string Path, long SizeBytes, string Sha256, string File);

/// <summary>Unpacks a tar, a zip, or either in gzip, or a single file in gzip: told by content, whatever the archive is called.</summary>
/// <remarks>Owners, modes and times are left out. A link becomes the file that it leads to, which must be another member.</remarks>
/// <param name="archive">The path of the archive file.</param>
/// <param name="name">What the registry calls it, for errors and for the one member of a bare gzip.</param>
/// <param name="target">An empty folder for the members, each under a number.</param>
/// <param name="report">Told, often, how many bytes of the archive are done.</param>
internal sealed class ArchiveUnpacker(string archive, string name, string target, StoreFolder folder, Action<long>? report = null)
{
    private const int BufferBytes = 1 << 17;
    private const int LargeBytes = 1 << 20;
    private const int LinkHops = 16;

    private readonly UnpackingBudget _budget = new(name, new FileInfo(archive).Length);
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly Dictionary<string, UnpackedMember> _files = [];
    private readonly Dictionary<string, string> _links = [];
    // Names as a system that ignores case sees them.
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _folders = new(StringComparer.OrdinalIgnoreCase);

    /// <returns>The files, in the order of their names.</returns>
    /// <exception cref="InvalidArchiveException">It is damaged, or holds what may not be unpacked.</exception>
    /// <exception cref="ArchiveTooLargeException">It unpacks to more than a model's archive does.</exception>
    /// <exception cref="DiskFullException">The members do not fit.</exception>
    public IReadOnlyList<UnpackedMember> Unpack(CancellationToken cancellationToken)
    {
        try
        {
            using var file = new FileStream(archive, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
            foreach (var entry in ArchiveEntries.Read(file, name, _budget))
            {
                cancellationToken.ThrowIfCancellationRequested();
                Add(entry, file, cancellationToken);
            }
            var linked = _links.Keys.Select(link => Behind(link) with { Path = link }).ToList();
            return _files.Count == 0 ? throw new InvalidDataException("it is empty")
                : [.. _files.Values.Concat(linked).OrderBy(member => member.Path, StringComparer.Ordinal)];
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidArchiveException(name, "it was cut short", exception);
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidArchiveException(name, exception.Message.TrimEnd('.'), exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw folder.Failure(exception);
        }
    }

    private void Add(ArchiveEntry entry, FileStream file, CancellationToken cancellationToken)
    {
        _budget.AddMember();
        var path = entry.Name;
        while (path.StartsWith("./", StringComparison.Ordinal))
            path = path[2..];
        if (entry.Kind == EntryKind.Folder)
            path = path.TrimEnd('/');
        if (entry.Kind == EntryKind.Folder && path is "" or ".")
            return;
        if (RepositoryPath.Problem(path) is { } rule)
            throw new InvalidDataException($"the name '{path}' is refused: {rule}");
        if (path.AsSpan().Count('/') >= UnpackingBudget.Depth)
            throw new InvalidDataException($"'{path}' lies more than {UnpackingBudget.Depth} folders deep");
        for (var slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
            AddFolder(path[..slash]);
        if (entry.Kind == EntryKind.Folder)
        {
            AddFolder(path);
            return;
        }
        if (_folders.Contains(path) || !_taken.Add(path))
            throw new InvalidDataException($"the name '{path}' is there twice, or differs from another only in case");
        if (entry.Kind == EntryKind.File)
            _files[path] = Extract(entry, path, file, cancellationToken);
        else
            _links[path] = Inside(entry.Kind == EntryKind.HardLink ? "" : path[..Math.Max(0, path.LastIndexOf('/'))], entry.LinkTarget ?? "", path);
    }

    private void AddFolder(string path)
    {
        if (_taken.Contains(path))
            throw new InvalidDataException($"'{path}' is a file and a folder");
        _folders.Add(path);
    }

    private UnpackedMember Extract(ArchiveEntry entry, string path, FileStream source, CancellationToken cancellationToken)
    {
        _budget.Require(entry.SizeBytes ?? 0);
        var staged = Path.Combine(target, _files.Count.ToString(CultureInfo.InvariantCulture));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (written, crc) = (0L, 0u);
        var isLarge = entry.SizeBytes >= LargeBytes;
        // A disk that is too full says so now, and not after gigabytes.
        using var file = File.OpenHandle(staged, FileMode.CreateNew, FileAccess.Write, FileShare.None,
            preallocationSize: isLarge ? entry.SizeBytes.GetValueOrDefault() : 0);
        for (int read; (read = entry.Content.Read(_buffer)) > 0; written += read)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (written + read > (entry.SizeBytes ?? long.MaxValue))
                throw new InvalidDataException($"'{path}' is longer than the {entry.SizeBytes:N0} bytes that it claims");
            // Parts of a plain archive are no more than the archive; those of a compressed tar were counted as they were decompressed.
            if (entry.Content is not PartOfStream)
                _budget.AddBytes(read);
            hash.AppendData(_buffer, 0, read);
            if (entry.Crc32 is not null)
                crc = Crc32.Append(crc, _buffer.AsSpan(0, read));
            RandomAccess.Write(file, _buffer.AsSpan(0, read), written);
            report?.Invoke(source.Position);
        }
        if (entry.SizeBytes is { } size && written != size)
            throw new InvalidDataException($"'{path}' has {written:N0} of the {size:N0} bytes that it claims");
        if (entry.Crc32 is { } stated && crc != stated)
            throw new InvalidDataException($"'{path}' is damaged");
        // A small file that a power failure leaves short is missed by its size, and thousands of flushes would take minutes.
        if (written >= LargeBytes)
            RandomAccess.FlushToDisk(file);
        return new UnpackedMember(path, written, Convert.ToHexStringLower(hash.GetHashAndReset()), staged);
    }

    // The member's name that a link's target means.
    private static string Inside(string from, string target, string link)
    {
        var parts = from.Length == 0 ? [] : from.Split('/').ToList();
        var isRelative = target.Length > 0 && target[0] != '/' && !target.Contains('\\');
        foreach (var part in isRelative ? target.Split('/') : [])
        {
            if (part is "" or ".")
                continue;
            if (part != "..")
                parts.Add(part);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else
                isRelative = false;
        }
        return isRelative ? string.Join('/', parts)
            : throw new InvalidDataException($"the link '{link}' leads out of the archive, to '{target}'");
    }

    private UnpackedMember Behind(string link)
    {
        var at = link;
        for (var hop = 0; hop < LinkHops && _links.TryGetValue(at, out var next); hop++)
            at = next;
        return _files.TryGetValue(at, out var member) ? member
            : throw new InvalidDataException($"the link '{link}' leads to no file of the archive");
    }
}
