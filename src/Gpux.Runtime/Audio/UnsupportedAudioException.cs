namespace Gpux.Runtime.Audio;

/// <summary>The file is no sound, or one of a format that GPUX does not read.</summary>
public sealed class UnsupportedAudioException(string file, string problem) : GpuxException(
    ErrorCode.UnsupportedAudio, $"The sound '{file}' cannot be read: {problem}.",
    "Convert it to WAV or FLAC.")
{
    public string File { get; } = file;
}
