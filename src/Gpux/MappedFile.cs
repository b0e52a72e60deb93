using System.IO.MemoryMappedFiles;

namespace Gpux;

/// <summary>A file's bytes as memory, read by the system when they are touched and shared with other processes.</summary>
/// <remarks>Valid until disposed or, if that never happens, until nothing refers to it. A file that becomes shorter meanwhile makes
/// touching the missing part fatal to the process: map only files that nobody rewrites in place.</remarks>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private bool _disposed;

    public MappedFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        Length = stream.Length;
        if (Length == 0)
            return; // an empty file cannot be mapped
        _file = MemoryMappedFile.CreateFromFile(stream, mapName: null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* data = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
        Data = data + _view.PointerOffset;
    }

    ~MappedFile() => Dispose();

    /// <summary>The first byte; null if the file is empty.</summary>
    public byte* Data { get; }

    public long Length { get; }

    public ReadOnlySpan<byte> Slice(long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Length - offset);
        return new ReadOnlySpan<byte>(Data + offset, count);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (Data is not null)
            _view!.SafeMemoryMappedViewHandle.ReleasePointer(); // set together with Data
        _view?.Dispose();
        _file?.Dispose();
        GC.SuppressFinalize(this);
    }
}
