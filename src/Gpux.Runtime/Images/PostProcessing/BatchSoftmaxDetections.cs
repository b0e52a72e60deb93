namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>RT-DETR without focal loss: each query is of its likeliest class but the last, where a class's probability is divided among the images of
/// the batch.</summary>
/// <remarks>The original calls softmax without a dimension, for which torch takes the first one of three. Source: transformers 5.23,
/// RTDetrImageProcessor.post_process_object_detection; torch 2.13, nn/functional.py, _get_softmax_dim.</remarks>
internal static class BatchSoftmaxDetections
{
    /// <returns>In the order of the queries.</returns>
    public static List<Detection> Find(Tensor logits, Tensor boxes, int image, float threshold, ImageSize? target)
    {
        var own = DetectionOutputs.Of(logits, boxes, image);
        var corners = new RelativeBoxes(own.Boxes, target);
        var found = new List<Detection>();
        for (var query = 0; query < own.Queries; query++)
        {
            var (best, label) = (0f, 0);
            for (var c = 0; c < own.Classes - 1; c++)
            {
                var sum = 0f;
                for (var other = 0; other < logits.Shape[0]; other++)
                    sum += MathF.Exp(DetectionOutputs.Of(logits, boxes, other).LogitsOf(query)[c] - own.LogitsOf(query)[c]);
                if (1 / sum > best)
                    (best, label) = (1 / sum, c);
            }
            if (best > threshold)
                found.Add(new Detection(best, label, corners[query]));
        }
        return found;
    }
}
