using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Pipelines;

/// <summary>What is in an image, and where.</summary>
/// <remarks>Source: transformers 5.23, pipelines/object_detection.py.</remarks>
internal sealed class ObjectDetectionPipeline(PipelineModel model) : Pipeline(model)
{
    private const float DefaultThreshold = 0.5f;

    public override string Task => "object-detection";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "threshold");
        var image = ImageInputs.Require(input, Task);
        var options = new DetectionOptions { Threshold = arguments.Number("threshold") ?? DefaultThreshold };
        using var outputs = Model.Run(ImageInputs.Of(Model, input, Task), cancellationToken);
        var found = ObjectDetections.Read(
            Model.Images.Type, Model.Finite(outputs, "logits"), Model.Finite(outputs, "pred_boxes"), image: 0, image.Size, options);
        var objects = new DetectedObject[found.Count];
        for (var i = 0; i < objects.Length; i++)
            objects[i] = DetectedObject.Of(found[i], Model.Label(found[i].Label));
        return new DetectedObjects(objects, image.Size);
    }
}
