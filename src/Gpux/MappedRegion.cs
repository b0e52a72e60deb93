using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Gpux;

/// <summary>A region of a file, mapped into memory for reading: pages are loaded when touched, and none are copied.</summary>
/// <remarks>Memory of the region stays valid until <see cref="Dispose"/>, or while anything refers to it; using it after
/// <see cref="Dispose"/> throws. A span is a bare address: keep the region (or memory of it) alive while a span is in use. The file
/// must not be shortened meanwhile: no operating system can undo that.</remarks>
public sealed unsafe class MappedRegion : IDisposable
{
    // Null for an empty region, which operating systems do not map.
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _start;
    private volatile bool _disposed;

    private MappedRegion(MemoryMappedViewAccessor? view, long length)
    {
        _view = view;
        // Not AcquirePointer: it would keep the mapping for ever if nobody disposes this.
        _start = view is null ? null : (byte*)view.SafeMemoryMappedViewHandle.DangerousGetHandle() + view.PointerOffset;
        Length = length;
    }

    /// <summary>In bytes.</summary>
    public long Length { get; }

    /// <summary>The address of the first byte; null if the region is empty. Keep the region alive while it is used.</summary>
    public byte* Data => _start;

    /// <summary>The whole region.</summary>
    /// <exception cref="InvalidOperationException">It has 2 GiB or more: use <see cref="Slice"/>.</exception>
    public ReadOnlyMemory<byte> Memory => Length <= int.MaxValue
        ? Slice(0, (int)Length)
        : throw new InvalidOperationException($"A region of {Length} bytes does not fit into one Memory.");

    /// <param name="offset">In bytes from the file's start.</param>
    /// <param name="length">In bytes; null means to the file's end.</param>
    /// <exception cref="EndOfStreamException">The file is shorter.</exception>
    public static MappedRegion Open(string path, long offset = 0, long? length = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length ?? 0, nameof(length));
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        var size = RandomAccess.GetLength(file);
        if (offset > size || (length ?? 0) > size - offset)
            throw new EndOfStreamException($"The file has {size} bytes; {length ?? 0} bytes from {offset} on are needed.");
        var count = length ?? size - offset;
        if (count == 0)
            return new MappedRegion(null, 0);
        using var mapping = MemoryMappedFile.CreateFromFile(
            file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        return new MappedRegion(mapping.CreateViewAccessor(offset, count, MemoryMappedFileAccess.Read), count);
    }

    /// <param name="offset">In bytes from the region's start.</param>
    public ReadOnlyMemory<byte> Slice(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return length == 0 ? default : new Part(this, offset, length).Memory;
    }

    public void Dispose()
    {
        _disposed = true;
        _view?.Dispose();
    }

    private sealed class Part(MappedRegion region, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            ObjectDisposedException.ThrowIf(region._disposed, region);
            return new Span<byte>(region._start + offset, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, length);
            ObjectDisposedException.ThrowIf(region._disposed, region);
            return new MemoryHandle(region._start + offset + elementIndex, pinnable: this);
        }

        public override void Unpin()
        {
            // A mapping never moves.
        }

        protected override void Dispose(bool disposing)
        {
            // The region is disposed by its owner, not by one of its parts.
        }
    }
}
