using System.Text.Json;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Pipelines;

/// <summary>How far each pixel of an image is.</summary>
/// <param name="Depth">float [height, width] of the image, in the model's unit; of some models the greater value is the nearer.</param>
public sealed record DepthMap(Tensor Depth) : PipelineResult
{
    public ImageSize Size => new((int)Depth.Shape[1], (int)Depth.Shape[0]);

    /// <summary>The depth of a pixel between the least (0) and the greatest (1) of the image.</summary>
    public Func<int, float> Relative()
    {
        var (least, greatest) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in Depth.AsSpan<float>())
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        var range = greatest - least;
        return at => range > 0 ? (Depth.AsSpan<float>()[at] - least) / range : 0;
    }

    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WritePropertyName("predicted_depth");
        new Features(Depth).WriteJson(json);
        json.WriteStartObject("depth");
        var relative = Relative();
        PictureJson.Write(json, Size, at => (byte)(relative(at) * 255));
        json.WriteEndObject();
        json.WriteEndObject();
    }
}

/// <summary>How far each pixel of an image is, from a single image.</summary>
/// <remarks>Source: transformers 5.23, pipelines/depth_estimation.py.</remarks>
internal sealed class DepthEstimationPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "depth-estimation";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task);
        var image = ImageInputs.Require(input, Task);
        using var outputs = Model.Run(ImageInputs.Of(Model, input, Task), cancellationToken);
        return new DepthMap(DepthMaps.Read(Model.Finite(outputs, "predicted_depth"), image: 0, image.Size));
    }
}
