using System.Runtime.InteropServices;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>A stream as decoders in C see it: what fails says so by a number, as no exception may pass through foreign code.</summary>
internal sealed unsafe class NativeSource(Stream stream)
{
    // Of a sound that does not begin its stream.
    private readonly long _start = stream.Position;

    /// <summary>Why the stream could not be read; null as long as it can.</summary>
    public Exception? Failure { get; private set; }

    public long Length { get; } = stream.Length - stream.Position;
    public long Position => stream.Position - _start;

    public static NativeSource Of(nint handle) => (NativeSource)GCHandle.FromIntPtr(handle).Target!; // allocated for one

    /// <param name="origin">SEEK_SET, SEEK_CUR or SEEK_END: 0 to 2.</param>
    /// <returns>The new place; -1 for one outside of the stream.</returns>
    public long Seek(long offset, int origin)
    {
        var target = origin switch
        {
            0 => offset,
            1 => Position + offset,
            _ => Length + offset,
        };
        if (target < 0 || target > Length)
            return -1;
        stream.Position = _start + target;
        return target;
    }

    /// <returns>How many bytes were read; 0 at the end, or after a failure.</returns>
    public long Read(byte* target, long count)
    {
        try
        {
            var bytes = new Span<byte>(target, (int)Math.Min(count, int.MaxValue));
            return stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or NotSupportedException)
        {
            Failure = exception;
            return 0;
        }
    }
}
