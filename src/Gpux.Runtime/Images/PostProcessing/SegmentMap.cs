namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>A region of an image.</summary>
/// <param name="Id">What its pixels have in the map. Several regions of one class may have been fused under one id.</param>
/// <param name="Label">The number of its class.</param>
/// <param name="Score">From 0 to 1, rounded to six digits, as the original rounds it.</param>
public readonly record struct Segment(int Id, int Label, bool WasFused, double Score);

/// <summary>Which region each pixel belongs to.</summary>
/// <param name="Ids">Height x width: the id of a region, or of the background, which is 0 or -1.</param>
/// <param name="Masks">Where they were asked for: of each region all its pixels, also those that another one hides.</param>
public sealed record SegmentMap(ImageSize Size, int[] Ids, IReadOnlyList<Segment> Segments, IReadOnlyList<bool[]>? Masks = null);

/// <summary>What counts as a region.</summary>
public sealed record SegmentOptions
{
    /// <summary>The least score.</summary>
    public float Threshold { get; init; } = 0.5f;

    /// <summary>From what value on a pixel belongs to a mask.</summary>
    public float MaskThreshold { get; init; } = 0.5f;

    /// <summary>The least share of a mask that no better one hides; with less it is no region.</summary>
    public float OverlapThreshold { get; init; } = 0.8f;

    /// <summary>Classes whose regions are one.</summary>
    public IReadOnlySet<int> Fused { get; init; } = new HashSet<int>();

    public bool WithMasks { get; init; }
}
