using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>MPEG audio (MP3), read through the caller's stream as libsndfile does it, by the same library.</summary>
/// <remarks>libsndfile leaves libmpg123's notes on, which fill the standard error of whoever reads a damaged file, and has no setting for
/// them.</remarks>
internal sealed unsafe class Mpg123Reader : ISampleReader
{
    private const int TagHeaderBytes = 10, FrameHeaderBytes = 4;

    // Of any file that is worth reading.
    private const int MaxTags = 64;

    private readonly Mpg123 _library;
    private readonly NativeSource _source;
    private readonly string _name;
    private readonly nint _decoder;
    private readonly long _frames;
    private GCHandle _handle;
    private long _done;

    private Mpg123Reader(Mpg123 library, Stream stream, string name)
    {
        _library = library;
        _name = name;
        _source = new NativeSource(stream);
        _decoder = library.Create();
        if (_decoder == 0)
            throw new DamagedAudioException(name, "there is no memory to decode it");
        _handle = GCHandle.Alloc(_source);
        try
        {
            Require(library.ReadThrough(_decoder, &Read, &Seek, 0));
            Require(library.Open(_decoder, GCHandle.ToIntPtr(_handle)));
            Require(library.GetFormat(_decoder, out var rate, out var channels, out var isFloat));
            (SampleRate, Channels) = (rate, channels);
            _frames = library.Length(_decoder);
            if (_frames <= 0)
            {
                Require(library.Scan(_decoder));
                _frames = library.Length(_decoder);
            }
            if (_frames < 0)
                _frames = long.MaxValue;
            if (!isFloat)
                Require(library.SetFloat(_decoder, rate, channels));
        }
        catch (DamagedAudioException)
        {
            Dispose();
            throw;
        }
    }

    public int SampleRate { get; }
    public int Channels { get; }

    /// <returns>Null where the machine has no libmpg123.</returns>
    public static Mpg123Reader? Open(Stream stream, string name) => Mpg123.Instance is { } library ? new Mpg123Reader(library, stream, name) : null;

    /// <summary>Whether a frame of MPEG audio stands at the place of the stream, or after the ID3 tags that do. The place stays.</summary>
    public static bool IsAt(Stream stream)
    {
        var start = stream.Position;
        Span<byte> header = stackalloc byte[TagHeaderBytes];
        try
        {
            for (var tag = 0; tag < MaxTags; tag++)
            {
                var read = stream.ReadAtLeast(header, TagHeaderBytes, throwOnEndOfStream: false);
                if (read < TagHeaderBytes || !header.StartsWith("ID3"u8))
                    return read >= FrameHeaderBytes && AudioFormats.IsMpegFrame(header);
                // Seven bits a byte.
                var size = BinaryPrimitives.ReadUInt32BigEndian(header[6..]);
                var bytes = (size & 0x7F) | (size >> 1 & 0x3F80) | (size >> 2 & 0x1FC000) | (size >> 3 & 0xFE00000);
                if (stream.Position + bytes >= stream.Length)
                    return false;
                stream.Position += bytes;
            }
            return false;
        }
        finally
        {
            stream.Position = start;
        }
    }

    int ISampleReader.Read(Span<float> frames)
    {
        if (_done >= _frames)
            return 0;
        nuint bytes;
        int result;
        fixed (float* samples = frames)
            result = _library.Read(_decoder, samples, (nuint)(frames.Length / Channels * Channels * sizeof(float)), &bytes);
        if (result != Mpg123.Done)
            Require(result);
        // What lies behind the length that the file states is padding.
        var read = Math.Min((long)bytes / sizeof(float) / Channels, _frames - _done);
        _done += read;
        return (int)(read * Channels);
    }

    public void Dispose()
    {
        if (!_handle.IsAllocated)
            return;
        _library.Delete(_decoder);
        _handle.Free();
    }

    private void Require(int result)
    {
        if (_source.Failure is { } failure)
            throw new DamagedAudioException(_name, failure.Message, failure);
        if (result != Mpg123.Ok)
            throw new DamagedAudioException(_name, _library.Describe(_decoder));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Read(nint handle, byte* target, nuint count) => (nint)NativeSource.Of(handle).Read(target, (long)count);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Seek(nint handle, long offset, int origin) => NativeSource.Of(handle).Seek(offset, origin);
}
