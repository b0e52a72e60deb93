using Gpux.Conversion;
using Gpux.Conversion.Precision;
using Gpux.Conversion.Verification;
using Gpux.Models.Suitability;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Precision;

/// <summary>Runs a graph beside that of the published precision, on the same inputs.</summary>
internal static class PrecisionMeasurement
{
    private const int SyntheticRuns = 4;
    private const int Batch = 2;

    // Below this share of the largest magnitude an element's relative difference means nothing.
    private const double SmallShare = 1e-3;

    /// <param name="written">The graph in its precision.</param>
    public static PrecisionProof Measure(ModelManifest manifest, ModelFiles files, PrepareOptions options, ConversionResult written,
        IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        progress?.Report(new Progress("Measuring", PrecisionNames.Of(options.Precision), 0, null));
        var plan = Converter.Plan(files, options.Conversion with { Precision = WeightPrecision.Float32 });
        var (graph, published) = Converter.WriteInMemory(plan, files, []);
        using var reference = InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = published.WeightsFolder, DisablePrepacking = true }, cancellationToken);
        using var session = InferenceSession.Open(written.ModelPath, new SessionOptions { ExternalWeightsFolder = written.WeightsFolder, DisablePrepacking = true }, cancellationToken);
        var config = ModelDescription.ReadConfig(files);
        var recorded = RecordingBeside(manifest)?.Runs.Select(run => run.InputNames.ToDictionary(name => name, run.Input)).ToList();
        var isRecorded = recorded is { Count: > 0 };
        var inputs = isRecorded ? recorded! : [.. Enumerable.Range(1, SyntheticRuns).Select(seed => SyntheticInputs.Make(reference.Inputs, config, Batch, seed))]; // isRecorded
        var sums = new Dictionary<string, Sums>();
        foreach (var given in inputs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var complete = ModelInputs.Complete(reference.Inputs, given);
            using var expected = reference.Run(complete, cancellationToken: cancellationToken);
            using var actual = session.Run(complete, cancellationToken: cancellationToken);
            foreach (var (name, tensor) in expected.Tensors)
                if (tensor.ElementType == ElementType.Float32 && !name.StartsWith("present.", StringComparison.Ordinal))
                    (sums.TryGetValue(name, out var known) ? known : sums[name] = new Sums(name)).Add(tensor, actual[name]);
        }
        return new PrecisionProof(options.Precision, isRecorded ? "recorded" : "synthetic", inputs.Count, [.. sums.Values.Select(sum => sum.Damage())]);
    }

    // As docs/formats/reference-recording.md has it: the repository lies in the recording's folder, as "repo".
    private static Recording? RecordingBeside(ModelManifest manifest)
    {
        if (manifest.Model.Registry != ModelReference.Local || Path.GetDirectoryName(manifest.Model.Name) is not { } folder
            || !File.Exists(Path.Combine(folder, Recording.DescriptionFile)))
            return null;
        try
        {
            return Recording.Load(folder) is { Area: "models" or "real" } recording ? recording : null;
        }
        catch (InvalidRecordingException)
        {
            return null; // A file of that name that is something else.
        }
    }

    // Over all inputs, so that one that happens to be near zero does not decide.
    private sealed class Sums(string name)
    {
        private double _products, _expected, _actual, _maxAbs, _maxRel;
        private long _rows, _agreeing;

        public void Add(Tensor expected, Tensor actual)
        {
            ReadOnlySpan<float> wanted = expected.AsSpan<float>(), had = actual.AsSpan<float>();
            if (wanted.Length != had.Length)
                throw new InvalidOperationException($"The output '{name}' has another shape in this precision."); // the rewriting keeps shapes
            var largest = 0.0;
            foreach (var value in wanted)
                if (float.IsFinite(value))
                    largest = Math.Max(largest, Math.Abs(value));
            for (var i = 0; i < wanted.Length; i++)
            {
                double e = wanted[i], a = had[i];
                if (!double.IsFinite(e) && e.Equals(a))
                    continue; // masked in both
                (_products, _expected, _actual) = (_products + e * a, _expected + e * e, _actual + a * a);
                var difference = Math.Abs(e - a);
                _maxAbs = Math.Max(_maxAbs, difference);
                if (Math.Abs(e) > largest * SmallShare)
                    _maxRel = Math.Max(_maxRel, difference / Math.Abs(e));
            }
            var columns = expected.Shape.Rank == 0 ? 0 : (int)expected.Shape[expected.Shape.Rank - 1];
            if (!name.Contains("logits", StringComparison.Ordinal) || columns < 2)
                return;
            for (var row = 0; row + columns <= wanted.Length; row += columns, _rows++)
                if (Largest(wanted.Slice(row, columns)) == Largest(had.Slice(row, columns)))
                    _agreeing++;
        }

        public OutputDamage Damage() => new(name, _maxAbs, _maxRel,
            _expected == 0 && _actual == 0 ? 1 : _products / Math.Sqrt(_expected * _actual) is var cosine && double.IsFinite(cosine) ? Math.Min(1, cosine) : 0,
            _rows == 0 ? null : (double)_agreeing / _rows);

        private static int Largest(ReadOnlySpan<float> row)
        {
            var best = 0;
            for (var i = 1; i < row.Length; i++)
                if (row[i] > row[best])
                    best = i;
            return best;
        }
    }
}
