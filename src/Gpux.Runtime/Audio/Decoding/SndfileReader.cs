using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>Ogg, MP3 and the other formats of libsndfile, read through the caller's stream.</summary>
internal sealed unsafe class SndfileReader : ISampleReader
{
    private readonly Sndfile _library;
    private readonly Source _source;
    private readonly string _name;
    private GCHandle _handle;
    private nint _file;

    private SndfileReader(Sndfile library, Stream stream, string name)
    {
        _library = library;
        _name = name;
        _source = new Source(stream);
        _handle = GCHandle.Alloc(_source);
        var io = new Sndfile.VirtualIo { Length = &Length, Seek = &Seek, Read = &Read, Write = &Write, Tell = &Tell };
        Sndfile.Info info = default;
        _file = library.OpenVirtual(&io, Sndfile.ReadMode, &info, GCHandle.ToIntPtr(_handle));
        SampleRate = info.SampleRate;
        Channels = info.Channels;
    }

    public int SampleRate { get; }
    public int Channels { get; }

    /// <param name="format">What errors call the format.</param>
    public static SndfileReader Open(Stream stream, string name, string format)
    {
        var library = Sndfile.Instance ?? throw new MissingAudioDecoderException(name, format, "libsndfile", Sndfile.HowToInstall);
        var reader = new SndfileReader(library, stream, name);
        if (reader._file != 0)
            return reader;
        var problem = library.Describe(0);
        reader.Dispose();
        throw reader._source.Failure is { } failure ? new DamagedAudioException(name, failure.Message, failure) : new DamagedAudioException(name, problem);
    }

    int ISampleReader.Read(Span<float> frames)
    {
        long read;
        fixed (float* samples = frames)
            read = _library.ReadFrames(_file, samples, frames.Length / Channels);
        if (_source.Failure is { } failure)
            throw new DamagedAudioException(_name, failure.Message, failure);
        if (_library.Error(_file) != 0)
            throw new DamagedAudioException(_name, _library.Describe(_file));
        return checked((int)(read * Channels));
    }

    public void Dispose()
    {
        if (_file != 0)
            _library.Close(_file);
        _file = 0;
        if (_handle.IsAllocated)
            _handle.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Length(nint handle) => Source.Of(handle).Length;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Seek(long offset, int origin, nint handle) => Source.Of(handle).Seek(offset, origin);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Read(byte* target, long count, nint handle) => Source.Of(handle).Read(target, count);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Write(byte* source, long count, nint handle) => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Tell(nint handle) => Source.Of(handle).Position;

    /// <summary>A stream as C sees it: what fails says so by a number, as no exception may pass through foreign code.</summary>
    private sealed class Source(Stream stream)
    {
        // Of a sound that does not begin its stream.
        private readonly long _start = stream.Position;

        public Exception? Failure { get; private set; }
        public long Length { get; } = stream.Length - stream.Position;
        public long Position => stream.Position - _start;

        public static Source Of(nint handle) => (Source)GCHandle.FromIntPtr(handle).Target!; // allocated for a Source

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

        public long Read(byte* target, long count)
        {
            try
            {
                return stream.ReadAtLeast(new Span<byte>(target, (int)Math.Min(count, int.MaxValue)), (int)Math.Min(count, int.MaxValue), throwOnEndOfStream: false);
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or NotSupportedException)
            {
                Failure = exception;
                return 0;
            }
        }
    }
}
