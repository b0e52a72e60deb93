using System.Globalization;
using System.Text.Json;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Models.Verification;

/// <summary>Judges what is made of a vision model's raw outputs: boxes, regions, depths, masks, points.</summary>
/// <remarks>Labels, counts and order equal, numbers within the tolerance. A map of classes may differ where two classes are within the absolute
/// tolerance of each other, which by their nature few pixels are: at most one in a thousand.</remarks>
internal sealed class PostProcessingJudge(Recording recording, ModelFiles files)
{
    private const double TiedShare = 1e-3;
    private readonly List<OutputResult> _outputs = [];

    public static CaseResult Judge(Recording recording, ModelFiles files) => new PostProcessingJudge(recording, files).Judge();

    private CaseResult Judge()
    {
        foreach (var run in recording.Runs)
        {
            switch (recording.Text("method"))
            {
                case "post_process_object_detection": JudgeBoxes(run); break;
                case "post_process_semantic_segmentation": JudgeSegments(run, SegmentKind.Semantic); break;
                case "post_process_instance_segmentation": JudgeSegments(run, SegmentKind.Instance); break;
                case "post_process_panoptic_segmentation": JudgeSegments(run, SegmentKind.Panoptic); break;
                case "post_process_depth_estimation": JudgeDepths(run); break;
                case "post_process_masks": JudgeMasks(run); break;
                case "post_process_pose_estimation": JudgePoses(run); break;
                case var method: return CaseResult.Unsupported(recording, $"post-processing by {method}");
            }
        }
        return CaseResult.Of(recording, _outputs);
    }

    private string Processor => recording.ClassName ?? "";

    private void JudgeBoxes(RecordedRun run)
    {
        var (logits, boxes) = (run.Input("logits"), run.Input("pred_boxes"));
        var options = new DetectionOptions
        {
            Threshold = Number(run, "threshold"),
            Most = (int?)Number(run, "top_k"),
            UseFocalLoss = !run.Arguments.TryGetProperty("use_focal_loss", out var focal) || focal.GetBoolean(),
        };
        for (var image = 0; image < logits.Shape[0]; image++)
        {
            var found = ObjectDetections.Read(Processor, logits, boxes, image, TargetSize(run, image), options);
            var count = found.Count;
            Compare(run, $"{image}.scores", Tensor.Of<float>([.. found.Select(one => one.Score)], new Shape(count)));
            Compare(run, $"{image}.labels", Tensor.Of<long>([.. found.Select(one => (long)one.Label)], new Shape(count)));
            Compare(run, $"{image}.boxes", Tensor.Of<float>(
                [.. found.SelectMany(one => (float[])[one.Box.XMin, one.Box.YMin, one.Box.XMax, one.Box.YMax])], new Shape(count, 4)));
        }
    }

    private void JudgeSegments(RecordedRun run, SegmentKind kind)
    {
        var withQueries = run.InputNames.Count > 1;
        var logits = run.Input(run.InputNames[0]);
        var masks = withQueries ? run.Input(run.InputNames[1]) : null;
        var defaults = new SegmentOptions();
        var options = defaults with
        {
            Threshold = Number(run, "threshold") ?? defaults.Threshold,
            MaskThreshold = Number(run, "mask_threshold") ?? defaults.MaskThreshold,
            OverlapThreshold = Number(run, "overlap_mask_area_threshold") ?? defaults.OverlapThreshold,
            Fused = run.Arguments.TryGetProperty("label_ids_to_fuse", out var fused)
                ? fused.EnumerateArray().Select(label => label.GetInt32()).ToHashSet() : defaults.Fused,
            WithMasks = run.Arguments.TryGetProperty("return_binary_maps", out var binary) && binary.GetBoolean(),
        };
        for (var image = 0; image < logits.Shape[0]; image++)
        {
            var map = ImageSegments.Read(Processor, kind, logits, masks, image, TargetSize(run, image), options);
            if (kind == SegmentKind.Semantic)
                CompareClasses(run, image.ToString(CultureInfo.InvariantCulture), map);
            else
                CompareRegions(run, image, map);
        }
    }

    private void CompareClasses(RecordedRun run, string output, SegmentMap map)
    {
        var comparison = TensorComparison.Compare(run.Output(output), Ids(map), Tolerance.Exact);
        if (comparison.Problem is null && !comparison.Within)
        {
            var recorded = run.Output(output);
            var differing = 0;
            for (var i = 0; i < map.Ids.Length; i++)
                differing += (recorded.ElementType == ElementType.Int16 ? recorded.AsSpan<short>()[i] : recorded.AsSpan<long>()[i]) != map.Ids[i] ? 1 : 0;
            comparison = comparison with { Within = differing <= TiedShare * map.Ids.Length };
        }
        _outputs.Add(new OutputResult(run.Name, output, comparison));
    }

    private void CompareRegions(RecordedRun run, int image, SegmentMap map)
    {
        Compare(run, $"{image}.segmentation", map.Masks is { Count: > 0 } masks
            ? Tensor.Of<float>([.. masks.SelectMany(mask => mask.Select(inside => inside ? 1f : 0))], new Shape(masks.Count, map.Size.Height, map.Size.Width))
            : Ids(map));
        if (!run.Root.GetProperty("expected").TryGetProperty($"{image}.segments_info", out var expected))
            return;
        var actual = JsonSerializer.SerializeToElement(map.Segments.Select(segment => new Dictionary<string, object>
        {
            ["id"] = segment.Id,
            ["label_id"] = segment.Label,
            ["was_fused"] = segment.WasFused,
            ["score"] = segment.Score,
        }));
        var difference = new AnswerComparison(run.Tolerance).Difference(expected, actual);
        _outputs.Add(new OutputResult(run.Name, $"{image}.segments_info", new TensorComparison(difference is null, 0, 0, difference)));
    }

    private void JudgeDepths(RecordedRun run)
    {
        var depth = run.Input("predicted_depth");
        for (var image = 0; image < depth.Shape[0]; image++)
            Compare(run, $"{image}.predicted_depth", DepthMaps.Read(depth, image, TargetSize(run, image)));
    }

    private void JudgeMasks(RecordedRun run)
    {
        var (original, content) = (run.Input("original_sizes"), run.Input("reshaped_input_sizes"));
        var padded = PromptedMasks.PaddedSize(files.Find);
        var masks = PromptedMasks.Read(run.Input("pred_masks"), image: 0, padded, Size(content, 0), Size(original, 0));
        if (run.Arguments.TryGetProperty("binarize", out var binarizes) && binarizes.GetBoolean())
        {
            var least = Number(run, "mask_threshold") ?? 0;
            masks = Tensor.Of<bool>([.. masks.AsSpan<float>().ToArray().Select(logit => logit > least)], masks.Shape);
        }
        Compare(run, "masks", masks);
    }

    private void JudgePoses(RecordedRun run)
    {
        var boxes = run.Input("boxes").AsSpan<float>();
        using var settings = JsonDocument.Parse(File.ReadAllBytes(files.Require("preprocessor_config.json")));
        var size = settings.RootElement.GetProperty("size");
        var input = new ImageSize(size.GetProperty("width").GetInt32(), size.GetProperty("height").GetInt32());
        var heatmaps = run.Input("heatmaps");
        for (var body = 0; body < heatmaps.Shape[0]; body++)
        {
            var box = boxes.Slice(4 * body, 4);
            var pose = PoseKeypoints.Read(heatmaps, body, (box[0], box[1], box[2], box[3]), input, Number(run, "threshold"), (int)(Number(run, "kernel_size") ?? 11));
            Compare(run, $"{body}.keypoints", Tensor.Of<float>([.. pose.Points.SelectMany(point => (float[])[point.X, point.Y])], new Shape(pose.Points.Count, 2)));
            Compare(run, $"{body}.scores", Tensor.Of<float>([.. pose.Points.Select(point => point.Score)], new Shape(pose.Points.Count)));
            Compare(run, $"{body}.labels", Tensor.Of<long>([.. pose.Points.Select(point => (long)point.Label)], new Shape(pose.Points.Count)));
            Compare(run, $"{body}.bbox", Tensor.Of<float>([pose.Box.XMin, pose.Box.YMin, pose.Box.XMax, pose.Box.YMax], new Shape(4)));
        }
    }

    private void Compare(RecordedRun run, string output, Tensor computed) =>
        _outputs.Add(new OutputResult(run.Name, output, TensorComparison.Compare(run.Output(output), computed, run.Tolerance)));

    private static Tensor Ids(SegmentMap map) => Tensor.Of<int>(map.Ids, new Shape(map.Size.Height, map.Size.Width));

    private static float? Number(RecordedRun run, string name) =>
        run.Arguments.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetSingle() : null;

    private static ImageSize? TargetSize(RecordedRun run, int image) => run.Arguments.TryGetProperty("target_sizes", out var sizes)
        && sizes.ValueKind == JsonValueKind.Array ? new ImageSize(sizes[image][1].GetInt32(), sizes[image][0].GetInt32()) : null;

    private static ImageSize Size(Tensor sizes, int image) => new((int)sizes.AsSpan<long>()[2 * image + 1], (int)sizes.AsSpan<long>()[2 * image]);
}
