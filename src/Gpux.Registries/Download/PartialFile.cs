using Gpux.Registries.Store;

namespace Gpux.Registries.Download;

/// <summary>A file that grows while it is downloaded, hashed on the way. What was written outlives this process.</summary>
internal sealed class PartialFile : IDisposable
{
    private readonly FileStream _file;
    private readonly string _path;
    private readonly StoreFolder _folder;
    private readonly Dictionary<DigestAlgorithm, ContentHash> _hashes = [];
    private bool _isComplete;

    /// <summary>Opens the file with the bytes that an earlier process left in it.</summary>
    /// <param name="folder">The user's folder that it is in.</param>
    /// <exception cref="NotWritableException">The file cannot be written.</exception>
    public PartialFile(string path, StoreFolder folder)
    {
        (_path, _folder) = (path, folder);
        try
        {
            _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw folder.Failure(exception);
        }
        Length = _file.Length;
    }

    /// <summary>Bytes written, by this process or an earlier one.</summary>
    public long Length { get; private set; }

    /// <summary>Computes a digest too; what is in the file already is read back for it, once.</summary>
    /// <param name="sizeBytes">Of the whole file; needed for git's digest.</param>
    public void HashWith(DigestAlgorithm algorithm, long sizeBytes, CancellationToken cancellationToken)
    {
        if (_hashes.ContainsKey(algorithm))
            return;
        var hash = _hashes[algorithm] = Digest.Begin(algorithm, sizeBytes);
        var buffer = new byte[(int)Math.Min(1 << 20, Length)];
        for (long at = 0; at < Length;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var read = RandomAccess.Read(_file.SafeFileHandle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, Length - at)), at);
            if (read == 0)
                throw new IOException($"'{_path}' was cut short by another program.");
            hash.AppendData(buffer, 0, read);
            at += read;
        }
    }

    /// <exception cref="DiskFullException">The disk is full; what was written stays.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        Write(bytes, static (file, content, at) => RandomAccess.Write(file.SafeFileHandle, content, at));
        foreach (var hash in _hashes.Values)
            hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>Forgets all bytes.</summary>
    public void Restart()
    {
        Write([], static (file, _, _) => file.SetLength(0));
        Length = 0;
        foreach (var hash in _hashes.Values)
            hash.Dispose();
        _hashes.Clear();
    }

    /// <summary>The digest of all bytes, of an algorithm given to <see cref="HashWith"/>. Ends the hashing.</summary>
    public Digest Finish(DigestAlgorithm algorithm) =>
        _hashes[algorithm].Finish();

    /// <summary>Waits until the bytes are on the disk, so that a renamed file is never an empty one after a power
    /// failure.</summary>
    public void Complete()
    {
        Write([], static (file, _, _) => RandomAccess.FlushToDisk(file.SafeFileHandle));
        _isComplete = true;
    }

    public void Dispose()
    {
        foreach (var hash in _hashes.Values)
            hash.Dispose();
        _file.Dispose();
        // Nothing to go on with: the request itself failed.
        if (Length == 0 && !_isComplete)
            File.Delete(_path);
    }

    private delegate void FileAction(FileStream file, ReadOnlySpan<byte> bytes, long at);

    private void Write(ReadOnlySpan<byte> bytes, FileAction write)
    {
        try
        {
            write(_file, bytes, Length);
        }
        catch (IOException exception)
        {
            throw _folder.Failure(exception);
        }
    }
}
