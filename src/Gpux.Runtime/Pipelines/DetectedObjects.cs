using System.Text.Json;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Pipelines;

/// <summary>Something in an image, in whole pixels. The box may reach past the image.</summary>
public readonly record struct DetectedObject(float Score, string Label, int XMin, int YMin, int XMax, int YMax)
{
    // Fractions are cut off, as in the original.
    internal static DetectedObject Of(Detection detection, string label) => new(detection.Score, label,
        (int)detection.Box.XMin, (int)detection.Box.YMin, (int)detection.Box.XMax, (int)detection.Box.YMax);
}

/// <param name="Image">The size of the image that they are in.</param>
public sealed record DetectedObjects(IReadOnlyList<DetectedObject> Objects, ImageSize Image) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var found in Objects)
        {
            json.WriteStartObject();
            json.WriteNumber("score", found.Score);
            json.WriteString("label", found.Label);
            json.WriteStartObject("box");
            json.WriteNumber("xmin", found.XMin);
            json.WriteNumber("ymin", found.YMin);
            json.WriteNumber("xmax", found.XMax);
            json.WriteNumber("ymax", found.YMax);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
