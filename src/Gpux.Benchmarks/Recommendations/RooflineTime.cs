using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What is asked of a model, as far as its time depends on it.</summary>
/// <param name="InputTokens">Null: unknown, or the input is no text.</param>
/// <param name="OutputTokens">Above 0 for models that write.</param>
internal readonly record struct WorkPoint(TaskType Task, string? Precision, int BatchSize, int? InputTokens, int? OutputTokens, int Concurrency);

/// <summary>The time that peak arithmetic and memory bandwidth allow: max(operations / (peak · 0.7), bytes / (bandwidth · 0.9)), plus the launches.</summary>
/// <remarks>Shares of the peaks: llm-analysis (0.7 for inference, 0.5 for training, 0.9 of the bandwidth). What is not known of a model or a machine is
/// taken from a middling one, and the estimate says so: the effects that are learnt from measurements correct its level.</remarks>
internal static class RooflineTime
{
    private const double InferenceShare = 0.7;
    private const double TrainingShare = 0.5;
    private const double BandwidthShare = 0.9;
    private const double LaunchSeconds = 5e-6; // of one kernel
    private const int LaunchesPerLayer = 10;
    private const int UsualLayers = 12;
    private const int UsualTokens = 128;
    private const int PicturePatches = 197; // 14 x 14 and one for the class
    private const double UsualParameters = 1e8;

    /// <returns>Seconds for the whole batch: of a model that writes, for all of its output.</returns>
    public static double Seconds(ModelFacts model, HardwarePlatform hardware, in WorkPoint work)
    {
        var parameters = model.ParameterCount ?? model.SizeBytes / 4.0 ?? UsualParameters;
        var weights = model.WeightBytes(work.Precision) ?? parameters * (WeightPrecisions.BytesPerWeight(work.Precision) ?? 4);
        var peak = Peak(hardware, work.Precision ?? model.Precision) * (work.Task == TaskType.Training ? TrainingShare : InferenceShare);
        var bandwidth = (hardware.MemoryBytesPerSecond is > 0 and var known ? known : Usual(hardware.Kind).BytesPerSecond) * BandwidthShare;
        var launches = hardware.Kind == HardwareKind.Cpu ? 0 : (model.Layers ?? UsualLayers) * LaunchesPerLayer * LaunchSeconds;
        var tokens = work.InputTokens ?? UsualInput(model);
        var perToken = OperationsPerToken(model, parameters);
        var operations = work.BatchSize * (model is { OperationsPerInput: { } counted, CountedTokens: null } ? counted : perToken * tokens);
        if (work.Task == TaskType.Training)
            return Sensible(Math.Max(3 * operations / peak, 3 * weights / bandwidth) + 3 * launches); // backwards is twice forwards
        var seconds = tokens > 0 ? Math.Max(operations / peak, weights / bandwidth) + launches : 0;
        if (work.OutputTokens is > 0 and var written)
        {
            var cache = work.BatchSize * (tokens + written / 2.0) * (model.CacheBytesPerToken ?? 0);
            seconds += written * (Math.Max(perToken * work.BatchSize / peak, (weights + cache) / bandwidth) + launches);
        }
        return Sensible(seconds);
    }

    /// <summary>Inputs a second, or written tokens.</summary>
    public static double Rate(in WorkPoint work, bool countsTokens, double seconds) => (double)work.BatchSize * (countsTokens ? Math.Max(work.OutputTokens ?? 1, 1) : 1) / seconds;

    /// <summary>Whether both the arithmetic and the bandwidth are known.</summary>
    public static bool IsKnown(HardwarePlatform hardware) => hardware is { MemoryBytesPerSecond: > 0, Peaks.Count: > 0 };

    public static bool IsKnown(ModelFacts model) => model.ParameterCount is not null || model.SizeBytes is not null;

    public static int UsualInput(ModelFacts model) =>
        model.Task is { } task && task.Contains("image", StringComparison.Ordinal) ? PicturePatches : UsualTokens;

    // Counted in the graph where that was possible, which knows of tables that are looked up in, weights that are shared, and attention.
    private static double OperationsPerToken(ModelFacts model, double parameters) =>
        model is { OperationsPerInput: { } counted, CountedTokens: { } tokens } ? counted / tokens : 2 * parameters;

    private static double Peak(HardwarePlatform hardware, string? precision)
    {
        double Of(string name)
        {
            foreach (var peak in hardware.Peaks)
                if (peak.Precision == name)
                    return peak.OperationsPerSecond;
            return 0;
        }
        var half = Math.Max(Of("fp16"), Of("bf16"));
        var best = precision switch
        {
            "int8" or "uint8" when Of("int8") > 0 => Of("int8"),
            "fp8" when Of("fp8") > 0 => Of("fp8"),
            // Runtimes take TF32 for float32 where there is one.
            "fp32" or null when Of("fp32") > 0 => Math.Max(Of("fp32"), Of("tf32")),
            // Tensor cores take float32 at half the rate of float16, where nothing better is known.
            "fp32" or null => half / 2,
            // Weights of few bits are multiplied in 16.
            _ => half > 0 ? half : Of("fp32"),
        };
        return best > 0 ? best : hardware.Peaks.Count > 0 ? hardware.Peaks.Max(peak => peak.OperationsPerSecond) : Usual(hardware.Kind).Operations;
    }

    // Its logarithm is what counts: a database may have models of no size, and inputs of no tokens.
    private static double Sensible(double seconds) => Math.Clamp(seconds, 1e-9, 1e9);

    // Orders of magnitude, for platforms of which nothing is known.
    private static (double Operations, double BytesPerSecond) Usual(HardwareKind kind) => kind switch
    {
        HardwareKind.Cpu => (1e12, 5e10),
        HardwareKind.Npu => (1e13, 1e11),
        _ => (5e13, 5e11),
    };
}
