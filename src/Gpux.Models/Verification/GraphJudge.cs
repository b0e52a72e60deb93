using Gpux.Conversion.Verification;
using Gpux.Onnx;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Verification;

/// <summary>Judges graphs as other exporters wrote them: opened and run as they are.</summary>
internal static class GraphJudge
{
    private const long LargestWrittenOut = 100_000_000;

    // The same integers, and the same operators around them.
    private static readonly Tolerance ExactProducts = new(1e-6, 1e-6);

    public static CaseResult Judge(Recording recording)
    {
        if (recording.Text("kind") != "onnx" || recording.Text("file") is not { } file)
            return CaseResult.Unsupported(recording, $"graph format '{recording.Text("kind")}'");
        try
        {
            var files = ModelFiles.InFolder(recording.RepositoryFolder);
            var outputs = new List<OutputResult>();
            if (recording.Runs.Count == 0)
                Open(files, file).Dispose();
            // A run may be one of another file of the repository, such as a quantised one.
            foreach (var runs in recording.Runs.GroupBy(run => run.Root.TryGetProperty("file", out var other) ? other.GetString() ?? file : file))
            {
                using var session = Open(files, runs.Key);
                foreach (var run in runs)
                {
                    using var computed = session.Run(run.InputNames.ToDictionary(name => name, run.Input));
                    foreach (var name in run.OutputNames)
                    {
                        var comparison = TensorComparison.Compare(run.Output(name), computed[name], run.Tolerance);
                        outputs.Add(new OutputResult(run.Name, name, comparison.Within ? comparison : OfSaturation(files.Require(runs.Key), run, name, computed[name]) ?? comparison));
                    }
                }
            }
            if (recording.IsToBeRefused)
                return CaseResult.Failed(recording, $"opened, where it must be refused ({recording.Text("reason")})");
            return CaseResult.Of(recording, outputs);
        }
        catch (GpuxException exception)
        {
            return recording.IsToBeRefused ? CaseResult.Passed(recording) : CaseResult.Failed(recording, exception.Message);
        }
    }

    /// <summary>Of a graph of 8-bit products, recorded on a processor that saturates their sums and run on one that does not: compares the recording with the same graph in
    /// which the saturation is written out, if exact products written out give what was computed.</summary>
    /// <returns>Null where that explains nothing.</returns>
    private static TensorComparison? OfSaturation(string path, RecordedRun run, string name, Tensor computed)
    {
        if (new FileInfo(path).Length > LargestWrittenOut)
            return null;
        var file = File.ReadAllBytes(path);
        return Compared(saturates: false, exact => TensorComparison.Compare(exact, computed, ExactProducts)) is { Within: true }
            && Compared(saturates: true, saturated => TensorComparison.Compare(run.Output(name), saturated, run.Tolerance)) is { Within: true } comparison ? comparison : null;

        TensorComparison? Compared(bool saturates, Func<Tensor, TensorComparison> compare)
        {
            if (ByteProducts.WriteOut(file, saturates) is not { } written)
                return null;
            using var session = InferenceSession.Open(written);
            using var outputs = session.Run(run.InputNames.ToDictionary(input => input, run.Input));
            return compare(outputs[name]);
        }
    }

    private static InferenceSession Open(ModelFiles files, string file)
    {
        var path = files.Require(file);
        // Refuses what is damaged by name, before ONNX Runtime sees it.
        OnnxReader.Open(path).Dispose();
        return InferenceSession.Open(path);
    }
}
