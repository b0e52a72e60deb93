namespace Gpux.Runtime.Images;

/// <summary>What an image may cost. Sizes are checked against the file's header, before anything of that size is
/// allocated.</summary>
public sealed record ImageLimits
{
    public static ImageLimits Default { get; } = new();

    /// <summary>Width times height, in pixels of 3 bytes; of the file and of what a processor resizes it to.</summary>
    /// <remarks>The default is the size that Pillow 13 refuses as a decompression bomb: twice the pixels of 256 MiB of
    /// RGB.</remarks>
    public long MaxPixels { get; init; } = 178_956_970;

    /// <summary>The longer side, in pixels. Default 100,000.</summary>
    public int MaxSide { get; init; } = 100_000;

    /// <summary>The encoded file, in bytes. Default 256 MiB.</summary>
    public long MaxFileBytes { get; init; } = 256L << 20;
}
