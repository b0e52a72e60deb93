using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>Ogg and the other formats of libsndfile, read through the caller's stream.</summary>
internal sealed unsafe class SndfileReader : ISampleReader
{
    private readonly Sndfile _library;
    private readonly NativeSource _source;
    private readonly string _name;
    private GCHandle _handle;
    private nint _file;

    private SndfileReader(Sndfile library, Stream stream, string name)
    {
        _library = library;
        _name = name;
        _source = new NativeSource(stream);
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
    private static long Length(nint handle) => NativeSource.Of(handle).Length;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Seek(long offset, int origin, nint handle) => NativeSource.Of(handle).Seek(offset, origin);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Read(byte* target, long count, nint handle) => NativeSource.Of(handle).Read(target, count);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Write(byte* source, long count, nint handle) => 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static long Tell(nint handle) => NativeSource.Of(handle).Position;
}
