using System.Text.Json;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Audio;

namespace Gpux.Models.Verification;

/// <summary>Judges what a feature extractor makes of sounds: every output of every run within the tolerance.</summary>
internal static class FeatureExtractorJudge
{
    public static CaseResult Judge(Recording recording, ModelFiles files)
    {
        try
        {
            var extractor = FeatureExtractor.Load(files.Find);
            var outputs = new List<OutputResult>();
            foreach (var run in recording.Runs)
            {
                if (OtherArgument(run) is { } argument)
                    return CaseResult.Unsupported(recording, $"argument '{argument}' of a feature extractor");
                var features = extractor.Extract(Sounds(recording, run, extractor.SamplingRate));
                foreach (var output in run.OutputNames)
                    outputs.Add(new OutputResult(run.Name, output, features.Tensors.TryGetValue(output, out var computed)
                        ? TensorComparison.Compare(run.Output(output), computed, run.Tolerance)
                        : new TensorComparison(false, double.NaN, double.NaN, "is missing")));
            }
            return CaseResult.Of(recording, outputs);
        }
        catch (GpuxException exception) when (exception is UnsupportedFeatureExtractorException or MissingAudioDecoderException)
        {
            return CaseResult.Unsupported(recording, exception.Message);
        }
        catch (GpuxException exception)
        {
            return CaseResult.Failed(recording, exception.Message);
        }
    }

    // As recorded: the samples of the files as if they had the extractor's rate, and of each no more than so many.
    private static Waveform[] Sounds(Recording recording, RecordedRun run, int rate)
    {
        var most = run.Root.TryGetProperty("max_samples", out var stated) ? stated.GetInt32() : int.MaxValue;
        return [.. run.Root.GetProperty("files").EnumerateArray().Select(file =>
        {
            var samples = Waveform.Load(recording.BesideArea(file.GetString() ?? "")).Samples;
            return Waveform.FromSamples(samples[..Math.Min(samples.Length, most)], rate);
        })];
    }

    // To pad to the longest sound is what ours does always.
    private static string? OtherArgument(RecordedRun run)
    {
        if (run.Arguments.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var argument in run.Arguments.EnumerateObject())
            if (argument.Name != "padding" || argument.Value.ValueKind != JsonValueKind.True)
                return argument.Name;
        return null;
    }
}
