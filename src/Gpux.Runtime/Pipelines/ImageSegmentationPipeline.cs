using System.Text.Json;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Pipelines;

/// <summary>A region of an image.</summary>
/// <param name="Score">From 0 to 1; null where the model tells classes of pixels and not how sure it is of regions.</param>
/// <param name="Id">What its pixels have in the map.</param>
public sealed record ImageRegion(double? Score, string Label, int Id);

/// <param name="Size">Of the image and of the map.</param>
/// <param name="Map">Height x width: of each pixel the region's id; ids of no region are background.</param>
public sealed record ImageRegions(IReadOnlyList<ImageRegion> Regions, ImageSize Size, int[] Map) : PipelineResult
{
    /// <summary>Masks are written as runs of equal values, row by row: 255 inside, 0 outside.</summary>
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var region in Regions)
        {
            json.WriteStartObject();
            if (region.Score is { } score)
                json.WriteNumber("score", score);
            else
                json.WriteNull("score");
            json.WriteString("label", region.Label);
            json.WriteStartObject("mask");
            PictureJson.Write(json, Size, at => Map[at] == region.Id ? byte.MaxValue : (byte)0);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

/// <summary>Which pixels of an image belong to what.</summary>
/// <remarks>Source: transformers 5.23, pipelines/image_segmentation.py.</remarks>
internal sealed class ImageSegmentationPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "image-segmentation";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "subtask", "threshold", "mask_threshold", "overlap_mask_area_threshold");
        var image = ImageInputs.Require(input, Task);
        var kind = Kind(arguments);
        var options = new SegmentOptions
        {
            Threshold = arguments.Number("threshold") ?? 0.9f,
            MaskThreshold = arguments.Number("mask_threshold") ?? 0.5f,
            OverlapThreshold = arguments.Number("overlap_mask_area_threshold") ?? 0.5f,
        };
        using var outputs = Model.Run(ImageInputs.Of(Model, input, Task), cancellationToken);
        // Models with a mask for each query call their outputs by one of two pairs of names.
        var (logits, masks) = outputs.TryGet("class_queries_logits", out _) ? ("class_queries_logits", "masks_queries_logits") : ("logits", "pred_masks");
        var map = ImageSegments.Read(Model.Images.Type, kind, Model.Finite(outputs, logits),
            outputs.TryGet(masks, out _) ? Model.Finite(outputs, masks) : null, image: 0, image.Size, options);
        var regions = new List<ImageRegion>();
        foreach (var segment in map.Segments)
            regions.Add(new ImageRegion(kind == SegmentKind.Semantic ? null : segment.Score, Model.Label(segment.Label), segment.Id));
        return new ImageRegions(regions, map.Size, map.Ids);
    }

    private SegmentKind Kind(PipelineArguments arguments)
    {
        var kinds = ImageSegments.Kinds(Model.Images.Type);
        if (kinds.Count == 0)
            throw new UnsupportedImageProcessorException(Model.Images.Type, "the reading of regions");
        return arguments.Text("subtask") switch
        {
            null => kinds[0],
            "semantic" => SegmentKind.Semantic,
            "instance" => SegmentKind.Instance,
            "panoptic" => SegmentKind.Panoptic,
            _ => throw arguments.Unfit("subtask", "semantic, instance or panoptic was expected"),
        };
    }
}
