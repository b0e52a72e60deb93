using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>DETR, YOLOS, Table Transformer: each query is of its likeliest class, or of the last one, which stands for nothing.</summary>
/// <remarks>Source: transformers 5.23, DetrImageProcessor.post_process_object_detection.</remarks>
internal static class SoftmaxDetections
{
    /// <returns>In the order of the queries.</returns>
    public static List<Detection> Find(DetectionOutputs outputs, float threshold, ImageSize? target)
    {
        var boxes = new RelativeBoxes(outputs.Boxes, target);
        var found = new List<Detection>();
        var scores = new float[outputs.Classes];
        for (var query = 0; query < outputs.Queries && outputs.Classes > 1; query++)
        {
            outputs.LogitsOf(query).CopyTo(scores);
            Scores.Softmax(scores);
            var (score, label) = OutputRows.Max(scores.AsSpan(..^1));
            if (score > threshold)
                found.Add(new Detection(score, label, boxes[query]));
        }
        return found;
    }
}
