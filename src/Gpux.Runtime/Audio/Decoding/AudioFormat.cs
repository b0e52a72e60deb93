namespace Gpux.Runtime.Audio.Decoding;

internal enum AudioFormat
{
    Unknown,
    Wav,
    Flac,

    /// <summary>MPEG audio (MP3), perhaps behind tags that belong to something else: libmpg123 reads it, or libsndfile.</summary>
    Mpeg,

    /// <summary>What libsndfile reads besides: Ogg (Vorbis, Opus, FLAC), AIFF, AU, CAF, Wave64 and RIFX.</summary>
    Sndfile,

    /// <summary>What ffmpeg reads: MPEG-4 and QuickTime.</summary>
    Mpeg4,

    /// <summary>What ffmpeg reads: AAC without a container.</summary>
    Aac,

    /// <summary>What ffmpeg reads: Matroska and WebM.</summary>
    Matroska,
}

internal static class AudioFormats
{
    /// <summary>How many bytes tell every format.</summary>
    public const int HeaderBytes = 16;

    /// <summary>The format that a file's first bytes show.</summary>
    public static AudioFormat Detect(ReadOnlySpan<byte> file) =>
        (file.StartsWith("RIFF"u8) || file.StartsWith("RF64"u8) || file.StartsWith("BW64"u8)) && At(file, 8, "WAVE"u8) ? AudioFormat.Wav
        : file.StartsWith("fLaC"u8) ? AudioFormat.Flac
        : At(file, 4, "ftyp"u8) ? AudioFormat.Mpeg4
        : file.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3]) ? AudioFormat.Matroska
        : IsAac(file) ? AudioFormat.Aac
        : file.StartsWith("OggS"u8) || file.StartsWith("FORM"u8) || file.StartsWith(".snd"u8) || file.StartsWith("caff"u8)
            || file.StartsWith("RIFX"u8) || file.StartsWith("riff"u8) ? AudioFormat.Sndfile
        : file.StartsWith("ID3"u8) || IsMp3(file) ? AudioFormat.Mpeg
        : AudioFormat.Unknown;

    /// <summary>What a format is called in an error.</summary>
    public static string Name(AudioFormat format, ReadOnlySpan<byte> file) => format switch
    {
        AudioFormat.Wav => "WAV",
        AudioFormat.Flac => "FLAC",
        AudioFormat.Mpeg4 => "MPEG-4 (M4A, MP4)",
        AudioFormat.Aac => "AAC",
        AudioFormat.Matroska => "Matroska or WebM",
        AudioFormat.Mpeg => "MP3",
        _ => file.StartsWith("OggS"u8) ? "Ogg" : file.StartsWith("FORM"u8) ? "AIFF"
            : file.StartsWith(".snd"u8) ? "AU" : file.StartsWith("caff"u8) ? "CAF" : "a rare form of WAV",
    };

    /// <summary>Whether the first four bytes can begin a frame: no version, layer, bit rate or sampling rate that is reserved.</summary>
    /// <remarks>Source: ISO/IEC 11172-3, 2.4.2.3.</remarks>
    public static bool IsMpegFrame(ReadOnlySpan<byte> file) => IsMp3(file) && (file[1] & 0x18) != 0x08 && (file[2] & 0xF0) != 0xF0 && (file[2] & 0x0C) != 0x0C;

    private static bool At(ReadOnlySpan<byte> file, int offset, ReadOnlySpan<byte> mark) => file.Length > offset && file[offset..].StartsWith(mark);

    // A frame's first 11 bits are set; the next are version and layer, of which layer 0 is AAC.
    private static bool IsMp3(ReadOnlySpan<byte> file) => file.Length > 3 && file[0] == 0xFF && (file[1] & 0xE0) == 0xE0 && (file[1] & 0x06) != 0;
    private static bool IsAac(ReadOnlySpan<byte> file) => file.Length > 3 && file[0] == 0xFF && (file[1] & 0xF6) == 0xF0;
}
