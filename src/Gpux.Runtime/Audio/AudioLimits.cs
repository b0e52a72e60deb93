namespace Gpux.Runtime.Audio;

/// <summary>What a sound may cost. Files are decoded in blocks, and reading ends where a limit is passed.</summary>
public sealed record AudioLimits
{
    public static AudioLimits Default { get; } = new();

    /// <summary>The length of the sound. Default 4 hours: 0.9 GiB at 16 kHz.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(4);

    /// <summary>The encoded file, in bytes. Default 4 GiB.</summary>
    public long MaxFileBytes { get; init; } = 4L << 30;
}
