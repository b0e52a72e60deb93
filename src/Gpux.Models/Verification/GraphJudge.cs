using Gpux.Conversion.Verification;
using Gpux.Onnx;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Verification;

/// <summary>Judges graphs as other exporters wrote them: opened and run as they are.</summary>
internal static class GraphJudge
{
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
                        outputs.Add(new OutputResult(run.Name, name, TensorComparison.Compare(run.Output(name), computed[name], run.Tolerance)));
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

    private static InferenceSession Open(ModelFiles files, string file)
    {
        var path = files.Require(file);
        // Refuses what is damaged by name, before ONNX Runtime sees it.
        OnnxReader.Open(path).Dispose();
        return InferenceSession.Open(path);
    }
}
