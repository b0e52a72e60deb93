namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>OWL-ViT, OWLv2, Grounding DINO: each query is of the text, or the token, that it resembles most.</summary>
/// <remarks>Source: transformers 5.23, OwlViTImageProcessor and GroundingDinoImageProcessor.post_process_object_detection.</remarks>
internal static class TextDetections
{
    /// <returns>In the order of the queries.</returns>
    public static List<Detection> Find(DetectionOutputs outputs, float threshold, ImageSize? target)
    {
        var boxes = new RelativeBoxes(outputs.Boxes, target);
        var found = new List<Detection>();
        for (var query = 0; query < outputs.Queries; query++)
        {
            var (logit, label) = OutputRows.Max(outputs.LogitsOf(query));
            var score = 1 / (1 + MathF.Exp(-logit));
            if (score > threshold)
                found.Add(new Detection(score, label, boxes[query]));
        }
        return found;
    }

    /// <summary>The size that the boxes of OWLv2 are shares of: of the square around the image.</summary>
    public static ImageSize Square(ImageSize image) => new(Math.Max(image.Width, image.Height), Math.Max(image.Width, image.Height));
}
