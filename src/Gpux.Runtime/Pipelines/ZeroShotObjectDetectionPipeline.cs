using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Pipelines;

/// <summary>Where in an image things are that the caller names.</summary>
/// <remarks>Source: transformers 5.23, pipelines/zero_shot_object_detection.py: each label is asked for alone.</remarks>
internal sealed class ZeroShotObjectDetectionPipeline(PipelineModel model) : Pipeline(model)
{
    private const float DefaultThreshold = 0.1f;

    public override string Task => "zero-shot-object-detection";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "candidate_labels", "threshold", "top_k");
        var image = ImageInputs.Require(input, Task);
        var labels = CandidateLabels.Read(arguments, StringSplitOptions.None); // a blank behind a comma belongs to the label
        var options = new DetectionOptions { Threshold = arguments.Number("threshold") ?? DefaultThreshold };
        var pixels = ImageInputs.Of(Model, input, Task);
        var notes = new List<string>();
        var found = new List<DetectedObject>();
        foreach (var label in labels)
        {
            var inputs = Model.Inputs([Model.Encode(PipelineInput.Of(label), Task, arguments, notes)]);
            foreach (var (name, tensor) in pixels)
                inputs[name] = tensor;
            using var outputs = Model.Run(inputs, cancellationToken);
            foreach (var one in ObjectDetections.Read(
                Model.Images.Type, Model.Logits(outputs, "logits"), Model.Finite(outputs, "pred_boxes"), image: 0, image.Size, options))
                if (one.Score != 0)
                    found.Add(DetectedObject.Of(one, label));
        }
        return new DetectedObjects(Scores.Top(found, one => one.Score, arguments.Int("top_k", least: 1) ?? found.Count), image.Size)
        {
            Notes = notes,
        };
    }
}
