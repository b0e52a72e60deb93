using Gpux.Conversion.Verification;
using Gpux.Runtime.Generation;

namespace Gpux.Models.Verification;

/// <summary>Judges the rules of generation: recorded logits and tokens in, processed scores out.</summary>
internal static class SamplingCaseJudge
{
    public static CaseResult Judge(Recording recording)
    {
        var outputs = new List<OutputResult>();
        try
        {
            var promptLength = recording.Root.GetProperty("prompt_length").GetInt32();
            foreach (var run in recording.Runs)
            {
                var (ids, logits) = (run.Input("input_ids"), run.Input("logits"));
                var batch = new TokenBatch((int)ids.Shape[0], (int)ids.Shape[1], [.. ids.AsSpan<long>().ToArray().Select(id => checked((int)id))]);
                var processed = SamplingJudge.Process(run.Arguments, logits.AsSpan<float>(), batch, promptLength);
                foreach (var name in run.OutputNames)
                {
                    var recorded = run.Output(name);
                    var computed = name switch
                    {
                        "scores" => Tensor.Of<float>(processed.Scores, recorded.Shape),
                        "removed" => Marks(processed.Removed, recorded.Shape),
                        "probabilities" => Tensor.Of<float>(processed.Probabilities, recorded.Shape),
                        _ => null,
                    };
                    outputs.Add(new OutputResult(run.Name, name, computed is null
                        ? new TensorComparison(false, double.NaN, double.NaN, "is not computed")
                        : TensorComparison.Compare(recorded, computed, run.Tolerance)));
                }
            }
        }
        catch (UnsupportedGenerationException exception)
        {
            return CaseResult.Unsupported(recording, exception.Message);
        }
        catch (GpuxException exception)
        {
            return CaseResult.Failed(recording, exception.Message);
        }
        return CaseResult.Of(recording, outputs);
    }

    private static Tensor Marks(bool[] marks, Shape shape)
    {
        var tensor = Tensor.Zeros(ElementType.UInt8, shape);
        for (var i = 0; i < marks.Length; i++)
            tensor.Bytes[i] = marks[i] ? (byte)1 : (byte)0;
        return tensor;
    }
}
