namespace Gpux.Runtime.Audio;

/// <summary>A sound exceeds one of <see cref="AudioLimits"/>.</summary>
public sealed class AudioTooLargeException(string file, string problem) : GpuxException(
    ErrorCode.AudioTooLarge, $"The sound '{file}' is too large: {problem}.",
    "Cut it into parts, or raise the limits of sounds if you trust it.")
{
    public string File { get; } = file;
}
