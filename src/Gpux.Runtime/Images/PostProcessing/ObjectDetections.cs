namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>What of a detector's answers counts.</summary>
public sealed record DetectionOptions
{
    /// <summary>Only what scores more counts. Null: what the family does otherwise, 0.1 for those that search for texts, else 0.5.</summary>
    public float? Threshold { get; init; }

    /// <summary>At most so many pairs of query and class, for the families that rank them all. Null: 100, or for RT-DETR one for each query.</summary>
    public int? Most { get; init; }

    /// <summary>RT-DETR alone: false for models that were trained without focal loss. Scores are then those of the original, which divides them among
    /// the images of the batch instead of the classes: of one image alone all are 1.</summary>
    public bool UseFocalLoss { get; init; } = true;
}

/// <summary>Reads a detector's outputs by the rules of its image processor.</summary>
public static class ObjectDetections
{
    private const int UsualMost = 100;

    /// <param name="processor">The class name of the model's image processor, such as DetrImageProcessor.</param>
    /// <param name="logits">float [batch, queries, classes].</param>
    /// <param name="boxes">float [batch, queries, 4]: centre x, centre y, width, height, in shares of the image.</param>
    /// <param name="image">Which of the batch.</param>
    /// <param name="target">The image's size in pixels; null leaves boxes in shares of it.</param>
    /// <exception cref="UnfitOutputsException">The tensors have other shapes.</exception>
    /// <exception cref="UnsupportedImageProcessorException">It is no processor of a detector.</exception>
    public static IReadOnlyList<Detection> Read(
        string processor, Tensor logits, Tensor boxes, int image, ImageSize? target, DetectionOptions options)
    {
        var outputs = DetectionOutputs.Of(logits, boxes, image);
        return processor switch
        {
            "DetrImageProcessor" or "YolosImageProcessor" => SoftmaxDetections.Find(outputs, options.Threshold ?? 0.5f, target),
            "ConditionalDetrImageProcessor" or "DeformableDetrImageProcessor" =>
                SigmoidDetections.Find(outputs, options.Threshold ?? 0.5f, target, options.Most ?? UsualMost),
            "RTDetrImageProcessor" => options.UseFocalLoss
                ? SigmoidDetections.Find(outputs, options.Threshold ?? 0.5f, target, options.Most ?? outputs.Queries)
                : BatchSoftmaxDetections.Find(logits, boxes, image, options.Threshold ?? 0.5f, target),
            "OwlViTImageProcessor" or "GroundingDinoImageProcessor" => TextDetections.Find(outputs, options.Threshold ?? 0.1f, target),
            "Owlv2ImageProcessor" => TextDetections.Find(
                outputs, options.Threshold ?? 0.1f, target is { } size ? TextDetections.Square(size) : null),
            _ => throw new UnsupportedImageProcessorException(processor, "the reading of boxes"),
        };
    }
}
