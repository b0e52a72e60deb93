using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>Conditional and deformable DETR, RT-DETR, D-FINE: the best of all pairs of query and class.</summary>
/// <remarks>Source: transformers 5.23, DeformableDetrImageProcessor and RTDetrImageProcessor.post_process_object_detection.</remarks>
internal static class SigmoidDetections
{
    /// <param name="most">At most so many pairs.</param>
    /// <returns>The best first.</returns>
    public static List<Detection> Find(DetectionOutputs outputs, float threshold, ImageSize? target, int most)
    {
        var boxes = new RelativeBoxes(outputs.Boxes, target);
        var scores = outputs.Logits.ToArray();
        Scores.Sigmoid(scores);
        var found = new List<Detection>();
        foreach (var pair in Scores.Top(scores, most))
            if (scores[pair] > threshold)
                found.Add(new Detection(scores[pair], pair % outputs.Classes, boxes[pair / outputs.Classes]));
        return found;
    }
}
