using System.ComponentModel;
using System.Diagnostics;

namespace Gpux.Runtime.Audio.Decoding;

/// <summary>Formats that only ffmpeg reads, decoded by the program that is on the machine into WAV on its standard output.</summary>
/// <remarks>The demuxer is chosen here by the file's first bytes, and files are the only thing that it may open, so that no playlist or
/// reference inside a file makes it fetch anything.</remarks>
internal sealed class FfmpegReader : ISampleReader
{
    /// <summary>Names the program, where it is not to be searched for.</summary>
    private const string Variable = "GPUX_FFMPEG";

    // With all of its output read, it has nothing left to do.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly string? _copy;
    private readonly string _name;
    private WavReader? _wav;
    private volatile string? _lastLine;

    private FfmpegReader(Process process, string? copy, string name)
    {
        _process = process;
        _copy = copy;
        _name = name;
        process.ErrorDataReceived += (_, line) => _lastLine = line.Data is { Length: > 0 } text ? text : _lastLine;
        process.BeginErrorReadLine();
    }

    public int SampleRate => _wav?.SampleRate ?? 0;
    public int Channels => _wav?.Channels ?? 0;

    /// <param name="formatName">What errors call the format.</param>
    public static FfmpegReader Open(Stream stream, string name, AudioFormat format, string formatName)
    {
        // A container's index may lie at its end, and a pipe cannot go back.
        var copy = stream is FileStream ? null : Copy(stream);
        var program = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen ? chosen : "ffmpeg";
        var demuxer = format switch
        {
            AudioFormat.Mpeg4 => "mov",
            AudioFormat.Aac => "aac",
            _ => "matroska",
        };
        var start = new ProcessStartInfo(program,
        [
            "-nostdin", "-v", "error", "-protocol_whitelist", "file,pipe", "-f", demuxer, "-i", "file:" + (copy ?? ((FileStream)stream).Name),
            "-map", "0:a:0", "-c:a", "pcm_f32le", "-f", "wav", "pipe:1",
        ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        FfmpegReader reader;
        try
        {
            reader = new FfmpegReader(Process.Start(start)!, copy, name); // a new process
        }
        catch (Win32Exception)
        {
            Delete(copy);
            throw new MissingAudioDecoderException(name, formatName, "ffmpeg",
                $"Install ffmpeg (apt install ffmpeg), or set {Variable} to the program; or convert the sound to WAV or FLAC.");
        }
        try
        {
            reader._wav = WavReader.Open(reader._process.StandardOutput.BaseStream, name, out _);
            return reader;
        }
        catch (Exception exception) when (exception is DamagedAudioException or EndOfStreamException)
        {
            var problem = reader.Problem();
            reader.Dispose();
            throw new DamagedAudioException(name, problem ?? "ffmpeg finds no sound in it", exception);
        }
    }

    public int Read(Span<float> frames)
    {
        var read = _wav?.Read(frames) ?? 0;
        if (read == 0 && Problem() is { } problem)
            throw new DamagedAudioException(_name, problem);
        return read;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Delete(_copy);
    }

    // What ffmpeg says when it fails; null if it does not.
    private string? Problem()
    {
        if (!_process.WaitForExit(Patience))
            return "ffmpeg writes no more, and does not end";
        return _process.ExitCode == 0 ? null : $"ffmpeg says: {_lastLine?.Trim().TrimEnd('.') ?? $"exit code {_process.ExitCode}"}";
    }

    private static string Copy(Stream stream)
    {
        var path = Path.Combine(Path.GetTempPath(), $"gpux-{Guid.NewGuid():N}");
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        stream.CopyTo(file);
        return path;
    }

    private static void Delete(string? copy)
    {
        if (copy is not null)
            File.Delete(copy);
    }
}
