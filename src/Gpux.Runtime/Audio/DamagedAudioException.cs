namespace Gpux.Runtime.Audio;

/// <summary>The file is of a known format, but damaged, or holds what is no sound: nothing of it is used.</summary>
public sealed class DamagedAudioException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.DamagedAudio, $"The sound '{file}' is damaged: {problem}.",
    "Fetch or export the sound again.", inner)
{
    public string File { get; } = file;
}
