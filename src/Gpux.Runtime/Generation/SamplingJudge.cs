using System.Text.Json;
using Gpux.Runtime.Generation.Processors;

namespace Gpux.Runtime.Generation;

/// <summary>Processes recorded logits as generate does, for comparison with what the original made of them.</summary>
internal static class SamplingJudge
{
    // What the recordings of the area "sampling" assume where their arguments are silent.
    private static readonly GenerationConfig Assumed = new() { DoSample = true, TopK = 0, EosTokenId = [2] };

    /// <param name="arguments">Those of generate.</param>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="ids">[rows, length]: the tokens so far.</param>
    /// <param name="promptLength">How many of them were the prompt.</param>
    /// <exception cref="GpuxException">The arguments make no sense.</exception>
    public static ProcessedLogits Process(JsonElement arguments, ReadOnlySpan<float> logits, TokenBatch ids, int promptLength)
    {
        var config = Assumed.With(arguments);
        GenerationConfigCheck.Check(config);
        var vocabulary = logits.Length / ids.Rows;
        using var pipeline = LogitsPipeline.For(
            config, LengthLimits.Of(config, promptLength), vocabulary, Prompt(ids, promptLength), copies: 1, own: []);

        var scores = logits.ToArray();
        var removed = new bool[scores.Length];
        var probabilities = new float[scores.Length];
        for (var row = 0; row < ids.Rows; row++)
        {
            var all = scores.AsSpan(row * vocabulary, vocabulary);
            pipeline.Process(row, ids[row], all);
            var candidates = pipeline.Candidates(all);
            candidates.Softmax();
            for (var i = 0; i < candidates.Count; i++)
                probabilities[row * vocabulary + candidates.Tokens[i]] = candidates.Probabilities[i];
        }
        for (var i = 0; i < scores.Length; i++)
        {
            removed[i] = float.IsNegativeInfinity(scores[i]);
            scores[i] = removed[i] ? 0 : scores[i];
        }
        return new ProcessedLogits(scores, removed, probabilities, [.. pipeline.Processors.Select(rule => rule.GetType().Name)]);
    }

    private static TokenBatch Prompt(TokenBatch ids, int length)
    {
        var prompt = new int[ids.Rows * length];
        for (var row = 0; row < ids.Rows; row++)
            ids[row][..length].CopyTo(prompt.AsSpan(row * length));
        return new TokenBatch(ids.Rows, length, prompt);
    }
}

/// <summary>Logits after all rules.</summary>
/// <param name="Scores">0 where a token is removed.</param>
/// <param name="Rules">The names of the rules that acted, in order.</param>
internal sealed record ProcessedLogits(float[] Scores, bool[] Removed, float[] Probabilities, string[] Rules);
