using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Gpux.Registries.Store.Bundles;

/// <summary>A bundle that was opened: its form is checked as a whole before anything of it is used.</summary>
/// <remarks>The index decides where every entry lies and what its header is; whatever differs from that by a byte is
/// refused, so that no link, no other name and no other size can be in it.</remarks>
public sealed class BundleReader : IModelRegistry, IDisposable
{
    /// <summary>Two empty blocks end a tar file.</summary>
    internal const int EndBytes = 2 * TarHeader.BlockBytes;

    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, Entry> _entries = [];
    private readonly string _path;

    private BundleReader(string path, SafeFileHandle file) => (_path, _file) = (path, file);

    public IReadOnlyList<BundledModel> Models { get; private set; } = [];

    /// <summary>Whether the file ends where the index says; one that was cut short still gives the files before.</summary>
    public bool IsComplete { get; private set; }

    /// <exception cref="BundleException">There is no such file, or it is no bundle.</exception>
    public static BundleReader Open(string path)
    {
        SafeFileHandle? file = null;
        BundleReader? opened = null;
        try
        {
            file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.RandomAccess);
            var bundle = new BundleReader(path, file);
            bundle.ReadForm();
            return opened = bundle;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BundleException(path, exception.Message, "Check the path.", exception);
        }
        finally
        {
            if (opened is null)
                file?.Dispose();
        }
    }

    /// <summary>Whether a file of a model is in the bundle as a whole, not cut off.</summary>
    public bool Has(BundledFile file) => _entries[file.Sha256].IsWhole;

    /// <summary>Reads everything and compares it with the index.</summary>
    /// <returns>The files that are damaged or cut off, each with its model.</returns>
    public async Task<IReadOnlyList<(BundledModel Model, BundledFile File)>> VerifyAsync(IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var damaged = new HashSet<string>();
        var (done, total) = (0L, _entries.Values.Sum(entry => entry.SizeBytes));
        foreach (var (sha256, entry) in _entries)
        {
            await using var content = new EntryStream(_file, entry.Offset, entry.SizeBytes);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[(int)Math.Clamp(entry.SizeBytes, 1, 1 << 20)];
            for (int read; entry.IsWhole && (read = await content.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                progress?.Report(new Progress("Verifying", null, done += read, total, ProgressUnit.Bytes));
            }
            if (!entry.IsWhole || Convert.ToHexStringLower(hash.GetHashAndReset()) != sha256)
                damaged.Add(sha256);
        }
        return [.. Models.SelectMany(model => model.Files.Where(file => damaged.Contains(file.Sha256)).Select(file => (model, file)))];
    }

    Task<ModelManifest> IModelRegistry.ResolveAsync(ModelReference model, CancellationToken cancellationToken) =>
        Task.FromResult(Models.FirstOrDefault(each => each.Manifest.Model.Registry == model.Registry && each.Manifest.Model.Name == model.Name)?.Manifest
            ?? throw new ModelNotFoundException(model.ToString(), $"{_path} does not hold {model}.", "See what it holds: gpux bundle list."));

    Task<FileContent> IModelRegistry.OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var bundled = Models.First(model => model.Manifest.Model.Name == manifest.Model.Name && model.Manifest.Commit == manifest.Commit
            && model.Manifest.Model.Registry == manifest.Model.Registry).Files.First(each => each.Path == file.Path);
        var entry = _entries[bundled.Sha256];
        var offset = Math.Min(range.Offset, entry.SizeBytes);
        return Task.FromResult(new FileContent(new EntryStream(_file, entry.Offset + offset, entry.SizeBytes - offset), offset, entry.SizeBytes)
        {
            Digest = new Digest(DigestAlgorithm.Sha256, bundled.Sha256),
        });
    }

    public void Dispose() => _file.Dispose();

    internal static string EntryName(string sha256) => $"sha256/{sha256}";

    private void ReadForm()
    {
        var length = RandomAccess.GetLength(_file);
        var header = Bytes(0, TarHeader.BlockBytes);
        if (TarHeader.Size(header) is not { } indexBytes || !header.AsSpan().SequenceEqual(TarHeader.Of(BundleIndex.Name, indexBytes)))
            throw Refuse("it does not begin with an index, as bundles do");
        if (indexBytes > BundleIndex.LimitBytes || TarHeader.BlockBytes + indexBytes > length)
            throw Refuse($"its index should have {indexBytes:N0} bytes, which it has not");
        var index = Bytes(TarHeader.BlockBytes, (int)indexBytes);
        try
        {
            Models = BundleIndex.Read(index);
            var at = TarHeader.EntryBytes(indexBytes);
            foreach (var file in Models.SelectMany(model => model.Files))
            {
                if (_entries.TryGetValue(file.Sha256, out var known))
                {
                    if (known.SizeBytes != file.SizeBytes)
                        throw new FormatException($"it states two sizes of {file.Path}");
                    continue;
                }
                var offset = at + TarHeader.BlockBytes;
                var isWhole = file.SizeBytes <= length - offset;
                if (offset <= length && !Bytes(at, TarHeader.BlockBytes).AsSpan().SequenceEqual(TarHeader.Of(EntryName(file.Sha256), file.SizeBytes)))
                    throw new FormatException($"what lies where {file.Path} should be is something else");
                _entries[file.Sha256] = new Entry(offset, file.SizeBytes, isWhole);
                at = checked(at + TarHeader.EntryBytes(file.SizeBytes));
            }
            IsComplete = length == checked(at + EndBytes);
            if (length > at + EndBytes)
                throw new FormatException("something lies behind its end");
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            throw Refuse(exception.Message);
        }
    }

    // Behind the end of the file lie zeros, which are no header.
    private byte[] Bytes(long at, int count)
    {
        var bytes = new byte[count];
        for (int done = 0, read; done < count && (read = RandomAccess.Read(_file, bytes.AsSpan(done), at + done)) > 0;)
            done += read;
        return bytes;
    }

    private BundleException Refuse(string problem) =>
        new(_path, $"it is refused as a bundle: {problem}", "Nothing of it was used. Copy it again, or have it written again: gpux bundle export.");

    private readonly record struct Entry(long Offset, long SizeBytes, bool IsWhole);

    // Several are read at once from one file.
    private sealed class EntryStream(SafeFileHandle file, long start, long length) : Stream
    {
        private long _at;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => length;
        public override long Position { get => _at; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var read = RandomAccess.Read(file, buffer[..(int)Math.Min(buffer.Length, length - _at)], start + _at);
            _at += read;
            return read;
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await RandomAccess.ReadAsync(file, buffer[..(int)Math.Min(buffer.Length, length - _at)], start + _at, cancellationToken);
            _at += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>A bundle that cannot be read or written.</summary>
public sealed class BundleException(string path, string problem, string remedy, Exception? inner = null)
    : GpuxException(ErrorCode.BundleInvalid, $"{path}: {problem.TrimEnd('.')}.", remedy, inner);

/// <summary>A bundle that was cut short: what it holds as a whole has been imported.</summary>
public sealed class BundleIncompleteException(string path, IReadOnlyList<string> missing) : GpuxException(ErrorCode.BundleIncomplete,
    $"{path} was cut short. What is whole in it was imported; missing are {string.Join(", ", missing.Take(5))}{(missing.Count > 5 ? $" and {missing.Count - 5} more" : "")}.",
    "Copy the bundle again and import it: what is here already is not read twice.")
{
    public IReadOnlyList<string> Missing { get; } = missing;
}
