using System.Globalization;
using Gpux.Conversion.Verification;
using Gpux.Runtime.Audio;

namespace Gpux.Models.Verification;

/// <summary>Judges the decoding of sounds to 16 kHz: by the tolerance, or where the sound is resampled or its codec loses some of it by
/// the rule that the run names.</summary>
/// <remarks>Recorded of each sound: its first samples, every 97th, its length and its root mean square.</remarks>
internal sealed class AudioLoadingJudge(Recording recording)
{
    private const int SampleRate = 16_000, Step = 97;

    // Rule resample: another good filter.
    private const double ResampledShare = 0.02, ResampledLoudness = 0.01;

    // Rule lossy: what an encoder puts before the sound may stay or go.
    private const int MostDelay = 2400;
    private const double LossyLength = 0.02, LossyCorrelation = 0.98, LossyLoudness = 0.05;
    private readonly List<OutputResult> _outputs = [];

    public static CaseResult Judge(Recording recording) => new AudioLoadingJudge(recording).Judge();

    private CaseResult Judge()
    {
        var missing = new List<string>();
        foreach (var run in recording.Runs)
        {
            try
            {
                Compare(run, Waveform.Load(recording.BesideArea(run.Root.GetProperty("files")[0].GetString() ?? ""), SampleRate).Samples);
            }
            catch (MissingAudioDecoderException exception)
            {
                missing.Add(exception.Message);
            }
            catch (GpuxException exception)
            {
                return CaseResult.Failed(recording, exception.Message);
            }
        }
        foreach (var error in recording.Entries("errors"))
        {
            var file = error.GetProperty("file").GetString() ?? "";
            try
            {
                Waveform.Load(recording.BesideArea(file));
                return CaseResult.Failed(recording, $"{file} is read, where it must be refused");
            }
            catch (Exception exception) when (exception is DamagedAudioException or UnsupportedAudioException)
            {
                // As it must be.
            }
        }
        var result = CaseResult.Of(recording, _outputs);
        return result.Verdict == Verdict.Passed && missing.Count > 0 ? CaseResult.Unsupported(recording, missing[0]) : result;
    }

    private void Compare(RecordedRun run, ReadOnlySpan<float> ours)
    {
        var length = run.Output("length").AsSpan<long>()[0];
        var samples = run.Output("samples").AsSpan<float>();
        var every = run.Output("every_97th").AsSpan<float>();
        var loudness = Loudness(ours) / run.Output("rms").AsSpan<float>()[0] - 1;
        if (double.IsNaN(loudness))
            loudness = 0; // silence, recorded as such and read as such
        switch (run.Root.GetProperty("rule").GetString())
        {
            case "exact":
                Add(run, "length", ours.Length == length, Math.Abs(ours.Length - length));
                foreach (var (name, furthest) in (ReadOnlySpan<(string, double)>)[("samples", Furthest(samples, ours, 1)), ("every_97th", Furthest(every, ours, Step))])
                    Add(run, name, furthest <= run.Tolerance.Absolute, furthest);
                break;
            case "resample":
                Add(run, "length", Math.Abs(ours.Length - length) <= 1, Math.Abs(ours.Length - length));
                foreach (var (name, share) in (ReadOnlySpan<(string, double)>)[("samples", Share(samples, ours, 1)), ("every_97th", Share(every, ours, Step))])
                    Add(run, name, share <= ResampledShare, share);
                Add(run, "rms", Math.Abs(loudness) <= ResampledLoudness, Math.Abs(loudness));
                break;
            case "lossy":
                Add(run, "length", Math.Abs(ours.Length - length) <= Math.Max(MostDelay, LossyLength * length), Math.Abs(ours.Length - length));
                var correlation = BestCorrelation(samples, ours);
                Add(run, "samples", correlation >= LossyCorrelation, 1 - correlation);
                Add(run, "rms", Math.Abs(loudness) <= LossyLoudness, Math.Abs(loudness));
                break;
            case var rule:
                Add(run, "samples", false, double.NaN, $"the rule '{rule}' is not known");
                break;
        }
    }

    private void Add(RecordedRun run, string output, bool within, double difference, string? problem = null) =>
        _outputs.Add(new OutputResult(run.Name, output, new TensorComparison(within, difference, 0,
            within ? null : problem ?? string.Create(CultureInfo.InvariantCulture, $"is off by {difference:G4}"))));

    private static double Furthest(ReadOnlySpan<float> recorded, ReadOnlySpan<float> ours, int step)
    {
        double furthest = 0;
        for (var i = 0; i < recorded.Length; i++)
            furthest = Math.Max(furthest, i * step < ours.Length ? Math.Abs(recorded[i] - ours[i * step]) : double.PositiveInfinity);
        return furthest;
    }

    // How loud the difference is beside the sound. A last sample that ours may lack does not count.
    private static double Share(ReadOnlySpan<float> recorded, ReadOnlySpan<float> ours, int step)
    {
        double difference = 0, sound = 0;
        for (var i = 0; i < recorded.Length && i * step < ours.Length; i++)
        {
            difference += Math.Pow(recorded[i] - ours[i * step], 2);
            sound += Math.Pow(recorded[i], 2);
        }
        return sound == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / sound);
    }

    private static double BestCorrelation(ReadOnlySpan<float> recorded, ReadOnlySpan<float> ours)
    {
        double best = -1;
        for (var delay = -MostDelay; delay <= MostDelay; delay++)
        {
            double product = 0, one = 0, other = 0;
            for (var i = Math.Max(0, -delay); i < recorded.Length && i + delay < ours.Length; i++)
            {
                product += recorded[i] * ours[i + delay];
                one += recorded[i] * recorded[i];
                other += ours[i + delay] * ours[i + delay];
            }
            if (one > 0 && other > 0)
                best = Math.Max(best, product / Math.Sqrt(one * other));
        }
        return best;
    }

    private static double Loudness(ReadOnlySpan<float> samples)
    {
        double squares = 0;
        foreach (var sample in samples)
            squares += (double)sample * sample;
        return Math.Sqrt(squares / samples.Length);
    }
}
