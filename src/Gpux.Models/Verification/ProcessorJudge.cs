using System.Globalization;
using System.Text.Json;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Images;

namespace Gpux.Models.Verification;

/// <summary>Judges what an image processor makes of image files, and the decoding of image files itself.</summary>
/// <remarks>
/// Whole form: pixel_values and flattened_patches by the run's pixel rule (no element further than max_abs from the recorded one,
/// and at most max_share of the elements outside the case's tolerance); every other output within the tolerance. A run in
/// accept_also may be equalled instead.
/// Sparse form: the shape; of the recorded elements at most 2 % outside the tolerance and none further than one 8-bit level;
/// mean, deviation, minimum and maximum within 1e-3.
/// </remarks>
internal sealed class ProcessorJudge(Recording recording, ModelFiles files)
{
    private const double SparseShare = 0.02;
    private const double StatisticTolerance = 1e-3;

    // Recorded with another Pillow than the one that the product follows.
    private const string OlderBackend = "slow-pillow12";
    private readonly List<OutputResult> _outputs = [];

    public static CaseResult Judge(Recording recording, ModelFiles files)
    {
        try
        {
            return recording.Task switch
            {
                "image-processor" or "image-processor-sparse" => new ProcessorJudge(recording, files).JudgeProcessor(),
                "post-process" => PostProcessingJudge.Judge(recording, files),
                "decode" => new ProcessorJudge(recording, files).JudgeDecoding(),
                "feature-extractor" => FeatureExtractorJudge.Judge(recording, files),
                "load-audio" => AudioLoadingJudge.Judge(recording),
                _ => CaseResult.Unsupported(recording, $"processor task '{recording.Task}'"),
            };
        }
        catch (UnsupportedImageProcessorException exception)
        {
            return CaseResult.Unsupported(recording, exception.Message);
        }
        catch (GpuxException exception)
        {
            return CaseResult.Failed(recording, exception.Message);
        }
    }

    private CaseResult JudgeProcessor()
    {
        foreach (var run in recording.Runs)
        {
            var backend = Text(run.Root, "backend");
            if (backend == OlderBackend)
                continue;
            var processor = ImageProcessor.Load(files.Find, backend switch { "fast" => ImageBackend.Fast, "slow" => ImageBackend.Slow, _ => null });
            var processed = processor.Process([.. Texts(run.Root, "files").Select(file => Image.Load(recording.BesideArea(file)))]);
            if (Text(run.Root, "sparse") is { } sparse)
                CompareSparse(run, sparse, processed);
            else
                CompareWhole(run, processed);
        }
        return CaseResult.Of(recording, _outputs);
    }

    private CaseResult JudgeDecoding()
    {
        foreach (var run in recording.Runs)
        {
            var image = Image.Load(recording.BesideArea(Texts(run.Root, "files").First()));
            var computed = Tensor.Of(image.Pixels, new Shape(image.Height, image.Width, 3));
            var recorded = run.Output("rgb");
            var furthest = recorded.Shape == computed.Shape ? Furthest(recorded, computed) : double.NaN;
            _outputs.Add(new OutputResult(run.Name, "rgb", new TensorComparison(furthest <= run.Tolerance.Absolute, furthest, 0)));
        }
        foreach (var error in recording.Entries("errors"))
        {
            var file = Text(error, "file") ?? "";
            try
            {
                Image.Load(recording.BesideArea(file));
                return CaseResult.Failed(recording, $"{file} is read, where it must be refused");
            }
            catch (Exception exception) when (exception is DamagedImageException or UnsupportedImageException)
            {
                // As it must be.
            }
        }
        return CaseResult.Of(recording, _outputs);
    }

    private void CompareWhole(RecordedRun run, ProcessedImages processed)
    {
        foreach (var output in run.OutputNames)
        {
            TensorComparison? best = null;
            foreach (var name in Texts(run.Root, "accept_also").Prepend(run.Name))
            {
                var comparison = processed.Tensors.TryGetValue(output, out var computed)
                    ? Compare(run, recording.Open($"{name}/out/{output}"), computed, isPixels: output is "pixel_values" or "flattened_patches")
                    : new TensorComparison(false, double.NaN, double.NaN, "is missing");
                if (best is null || comparison.Within)
                    best = comparison;
                if (best.Within)
                    break;
            }
            _outputs.Add(new OutputResult(run.Name, output, best!)); // the run itself is among those compared
        }
    }

    private static TensorComparison Compare(RecordedRun run, Tensor recorded, Tensor computed, bool isPixels)
    {
        var comparison = TensorComparison.Compare(recorded, computed, run.Tolerance);
        if (comparison.Within || comparison.Problem is not null || !isPixels || !run.Root.TryGetProperty("pixel_rule", out var rule))
            return comparison;
        var share = ShareOutside(recorded, computed, run.Tolerance);
        var (maxAbs, maxShare) = (rule.GetProperty("max_abs").GetDouble(), rule.GetProperty("max_share").GetDouble());
        var within = comparison.MaxAbs <= maxAbs && share <= maxShare;
        return comparison with { Within = within, Problem = within ? null : Describe(share, maxShare, comparison.MaxAbs, maxAbs) };
    }

    private void CompareSparse(RecordedRun run, string output, ProcessedImages processed)
    {
        if (!processed.Tensors.TryGetValue(output, out var tensor))
        {
            Add(run, output, "is missing", double.NaN);
            return;
        }
        var prefix = $"{run.Name}/out/{output}";
        if (recording.Find(prefix + ".indices") is not { } indices)
        {
            _outputs.Add(new OutputResult(run.Name, output, TensorComparison.Compare(recording.Open(prefix), tensor, run.Tolerance)));
            return;
        }
        long[] shape = [.. run.Root.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
        if (tensor.Shape != new Shape(shape))
        {
            Add(run, output, $"shape {tensor.Shape} instead of [{string.Join(", ", shape)}]", double.NaN);
            return;
        }
        var values = Values(tensor);
        var sampled = Tensor.Of<float>([.. Values(indices).Select(index => (float)values[(long)index])], indices.Shape);
        var recorded = recording.Open(prefix + ".values");
        var (share, furthest) = (ShareOutside(recorded, sampled, run.Tolerance), Furthest(recorded, sampled));
        if (share > SparseShare || furthest > LevelStep())
        {
            Add(run, output, Describe(share, SparseShare, furthest, LevelStep()), furthest);
            return;
        }
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / values.Length);
        foreach (var (statistic, value) in (ReadOnlySpan<(string, double)>)[("mean", mean), ("std", deviation), ("min", values.Min()), ("max", values.Max())])
        {
            var expected = recording.Open($"{prefix}.{statistic}").AsSpan<float>()[0];
            if (Math.Abs(expected - value) > StatisticTolerance)
                Add(run, output, string.Create(CultureInfo.InvariantCulture, $"{statistic} is {value}, recorded {expected}"), Math.Abs(expected - value));
        }
        Add(run, output, null, furthest);
    }

    private void Add(RecordedRun run, string output, string? problem, double furthest) =>
        _outputs.Add(new OutputResult(run.Name, output, new TensorComparison(problem is null, furthest, 0, problem)));

    /// <summary>One 8-bit level in the outputs: 1/255 divided by the least deviation.</summary>
    private double LevelStep()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(files.Find("preprocessor_config.json") ?? files.Require("config.json")));
        var root = document.RootElement.TryGetProperty("pretrained_cfg", out var timm) ? timm : document.RootElement;
        var deviation = root.TryGetProperty("image_std", out var stored) || root.TryGetProperty("std", out stored)
            ? stored.EnumerateArray().Min(value => value.GetDouble()) : 1;
        return 1 / 255.0 / deviation + 1e-5;
    }

    private static double[] Values(Tensor tensor) => tensor.ElementType switch
    {
        ElementType.Int32 => Array.ConvertAll(tensor.AsSpan<int>().ToArray(), value => (double)value),
        ElementType.Int64 => Array.ConvertAll(tensor.AsSpan<long>().ToArray(), value => (double)value),
        _ => Array.ConvertAll(tensor.AsSpan<float>().ToArray(), value => (double)value),
    };

    private static double Furthest(Tensor recorded, Tensor computed) =>
        TensorComparison.Compare(recorded, computed, new Tolerance(double.MaxValue, 0)).MaxAbs;

    private static double ShareOutside(Tensor recorded, Tensor computed, Tolerance tolerance)
    {
        var expected = recorded.AsSpan<float>();
        var actual = computed.AsSpan<float>();
        long outside = 0;
        for (var i = 0; i < expected.Length; i++)
            outside += tolerance.Allows(expected[i], actual[i]) ? 0 : 1;
        return (double)outside / expected.Length;
    }

    private static string Describe(double share, double maxShare, double furthest, double maxAbs) => string.Create(CultureInfo.InvariantCulture,
        $"{share:P3} outside the tolerance (allowed {maxShare:P3}), the furthest by {furthest} (allowed {maxAbs})");

    private static string? Text(JsonElement run, string name) => run.TryGetProperty(name, out var text) ? text.GetString() : null;

    private static IEnumerable<string> Texts(JsonElement run, string name) => run.TryGetProperty(name, out var texts)
        ? texts.EnumerateArray().Select(text => text.GetString() ?? "") : [];
}
