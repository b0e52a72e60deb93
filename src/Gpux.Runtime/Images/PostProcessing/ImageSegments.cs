namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>What regions are: of a class, one of several of a class, or either, without gaps.</summary>
public enum SegmentKind
{
    Semantic,
    Instance,
    Panoptic,
}

/// <summary>Reads a segmentation model's outputs by the rules of its image processor.</summary>
public static class ImageSegments
{
    // Mask2Former brings its masks to the size it was trained with first, whatever the image's.
    private static readonly ImageSize Mask2FormerSize = new(384, 384);

    /// <summary>The kinds that a family tells apart, the one that a pipeline takes unasked first.</summary>
    /// <param name="processor">The class name of the model's image processor, such as SegformerImageProcessor.</param>
    public static IReadOnlyList<SegmentKind> Kinds(string processor) => processor switch
    {
        "DetrImageProcessor" or "ConditionalDetrImageProcessor" or "MaskFormerImageProcessor" or "Mask2FormerImageProcessor" or "OneFormerImageProcessor" =>
            [SegmentKind.Panoptic, SegmentKind.Instance, SegmentKind.Semantic],
        "BeitImageProcessor" or "DPTImageProcessor" or "MobileNetV2ImageProcessor" or "MobileViTImageProcessor" or "SegformerImageProcessor" => [SegmentKind.Semantic],
        _ => [],
    };

    /// <param name="logits">float [batch, classes, height, width], or [batch, queries, classes] of the families with a mask for each query.</param>
    /// <param name="masks">float [batch, queries, height, width]; null for the families without.</param>
    /// <param name="image">Which of the batch.</param>
    /// <param name="target">The image's size in pixels; null for the model's own.</param>
    /// <param name="limits">Bounds the map; <see cref="ImageLimits.Default"/> where null.</param>
    /// <exception cref="UnfitOutputsException">The tensors have other shapes.</exception>
    /// <exception cref="UnsupportedImageProcessorException">The family does not tell this kind apart.</exception>
    public static SegmentMap Read(
        string processor, SegmentKind kind, Tensor logits, Tensor? masks, int image, ImageSize? target, SegmentOptions options, ImageLimits? limits = null)
    {
        limits ??= ImageLimits.Default;
        if (!Kinds(processor).Contains(kind))
            throw new UnsupportedImageProcessorException(processor, $"{kind.ToString().ToLowerInvariant()} segmentation");
        if (masks is null)
            return SemanticMaps.Read(Planes.Of(logits, image), target, limits);
        var queries = QueryMasks.Of(logits, masks, image);
        if (processor == "Mask2FormerImageProcessor")
            queries = queries.Resized(Mask2FormerSize, limits);
        var isDetr = processor is "DetrImageProcessor" or "ConditionalDetrImageProcessor";
        return kind switch
        {
            SegmentKind.Semantic => queries.Semantic(target, limits),
            SegmentKind.Panoptic => queries.Panoptic(target, options, limits),
            _ when isDetr => queries.Panoptic(target, options with { Fused = new HashSet<int>() }, limits),
            _ when processor == "OneFormerImageProcessor" => queries.Pairs(target, options, limits),
            _ => queries.Instances(target, options, limits),
        };
    }
}
