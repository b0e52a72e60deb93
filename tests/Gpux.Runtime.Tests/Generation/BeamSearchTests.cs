using Gpux.Runtime.Generation;

namespace Gpux.Runtime.Tests.Generation;

public sealed class BeamSearchTests
{
    private const int End = 0;

    // Of a row that ends with the token on the left, the probability of each token that may follow.
    private static readonly double[][] Table =
    [
        [1, 0, 0, 0],
        [0.1, 0.4, 0.35, 0.15],  // after 1: ends, 1, 2, 3
        [0.6, 0.1, 0.1, 0.2],
        [0.05, 0.05, 0.05, 0.85],
    ];

    [Fact]
    public void Beams_find_what_greedy_search_misses()
    {
        // Greedy: 1 1 1, 0.4^3 = 0.064. Two beams keep 1 and 2: 2 then ends with 0.35 * 0.6 = 0.21.
        var greedy = Generate(new GenerationConfig { MaxNewTokens = 3, EosTokenId = [End] }, Bigrams());
        Assert.Equal([1, 1, 1], Assert.Single(greedy.Sequences).Tokens);
        var beams = Generate(new GenerationConfig { MaxNewTokens = 3, NumBeams = 2, LengthPenalty = 0, EosTokenId = [End] }, Bigrams());
        var best = Assert.Single(beams.Sequences);
        Assert.Equal([2, End], best.Tokens);
        Assert.Equal(Math.Log(0.21), best.Score!.Value, 1e-5);
        Assert.Equal(StopReason.EndOfSequence, best.StopReason);
    }

    [Fact]
    public void Ended_sequences_are_ordered_by_score_over_length()
    {
        // Step 1 keeps 1 (0.4) and 2 (0.35). Step 2: "2 end" (0.21) ends; "1 1" (0.16) and "1 2" (0.14) stay open.
        // Step 3, the last: "1 2 end" 0.084 and "1 1 1" 0.064. ln(probability) / length: -0.780, -0.826, -0.916.
        var config = new GenerationConfig { MaxNewTokens = 3, NumBeams = 2, NumReturnSequences = 2, EosTokenId = [End], EarlyStopping = EarlyStopping.Never };
        var result = Generate(config, Bigrams());
        Assert.Equal([2, End], result.Sequences[0].Tokens);
        Assert.Equal(Math.Log(0.21) / 2, result.Sequences[0].Score!.Value, 1e-5);
        Assert.Equal([1, 2, End], result.Sequences[1].Tokens);
        Assert.Equal(Math.Log(0.084) / 3, result.Sequences[1].Score!.Value, 1e-5);
        // Rows are as long as the longest; the rest is filled.
        Assert.Equal([1, 2, End, End, 1, 1, 2, End], result.Padded.Ids.ToArray());
    }

    [Theory]
    [InlineData(EarlyStopping.True, 1, 2)] // both have ended
    [InlineData(EarlyStopping.False, 1, 2)] // -1.63 / 2 is below -0.69
    [InlineData(EarlyStopping.Never, 1, 6)] // -1.63 / 6 is above
    [InlineData(EarlyStopping.True, 2, 2)]
    [InlineData(EarlyStopping.False, 2, 6)] // -1.63 / 2^2 is above, and rises with each step
    public void Early_stopping_decides_how_long_beams_are_followed(EarlyStopping stopping, double lengthPenalty, int steps)
    {
        // "end" has probability 0.5, ln -0.69. At step 2 "1 end" ends, ln 0.294 = -1.22; open is "2 2", ln 0.196 = -1.63, which may go on
        // with 2 until the last step.
        var decoder = new HistoryDecoder(3, history => Logits(
            history.Count == 1 ? [0.5, 0.3, 0.2] : history[^1] == 1 ? [0.98, 0.01, 0.01] : [0.01, 0.01, 0.98]));
        var config = new GenerationConfig { MaxNewTokens = 6, NumBeams = 2, LengthPenalty = lengthPenalty, EosTokenId = [End], EarlyStopping = stopping };
        Generate(config, decoder);
        Assert.Equal(steps, decoder.Inputs.Count);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.7)]
    [InlineData(2.0)]
    public void Beams_that_hold_every_prefix_find_the_best_sequences_of_all(double lengthPenalty)
    {
        const int vocabulary = 4;
        const int length = 3;
        for (var seed = 0; seed < 30; seed++)
        {
            // 9 prefixes of two tokens without an end.
            var config = new GenerationConfig
            {
                MaxNewTokens = length, NumBeams = 12, NumReturnSequences = 4, LengthPenalty = lengthPenalty, EosTokenId = [End],
                EarlyStopping = EarlyStopping.Never,
            };
            var result = Generate(config, HistoryDecoder.Hashed(vocabulary, seed));
            var decoder = HistoryDecoder.Hashed(vocabulary, seed);
            var all = Sequences(decoder, [1], 0, length).OrderByDescending(sequence => sequence.LogProbability
                / Math.Pow(sequence.Tokens.Length, lengthPenalty)).Take(4).ToArray();
            for (var i = 0; i < all.Length; i++)
            {
                Assert.Equal(all[i].Tokens, result.Sequences[i].Tokens);
                Assert.Equal(all[i].LogProbability / Math.Pow(all[i].Tokens.Length, lengthPenalty), result.Sequences[i].Score!.Value, 1e-4);
            }
        }
    }

    [Fact]
    public void Rows_of_a_batch_do_not_see_each_other()
    {
        var config = new GenerationConfig { MaxNewTokens = 6, NumBeams = 3, NumReturnSequences = 3, EosTokenId = [End], PadTokenId = 5 };
        int[][] prompts = [[1, 2, 3], [4], [2, 2]];
        var together = Generate(config, HistoryDecoder.Hashed(6, 3), TokenBatch.LeftPadded(prompts, 5));
        for (var row = 0; row < prompts.Length; row++)
        {
            var alone = Generate(config, HistoryDecoder.Hashed(6, 3), TokenBatch.Of(prompts[row]));
            Assert.Equal(alone.Sequences.Select(sequence => sequence.Score), together.Sequences.Where(s => s.PromptRow == row).Select(s => s.Score));
            Assert.Equal(alone.Sequences.Select(sequence => sequence.Tokens), together.Sequences.Where(s => s.PromptRow == row).Select(s => s.Tokens));
        }
    }

    [Fact]
    public void Beam_sampling_draws_what_a_seed_determines_and_more_than_the_best()
    {
        var config = new GenerationConfig { MaxNewTokens = 5, NumBeams = 3, DoSample = true, EosTokenId = [End] };
        int[] Draw(ulong seed) => Generate(config, HistoryDecoder.Hashed(30, 1), seed: seed).Sequences[0].Tokens;
        Assert.Equal(Draw(1), Draw(1));
        Assert.True(Enumerable.Range(0, 20).Select(seed => string.Join(' ', Draw((ulong)seed))).Distinct().Count() > 5);
    }

    [Fact]
    public void Beam_sampling_goes_on_where_rules_leave_one_token()
    {
        var config = new GenerationConfig { MaxNewTokens = 4, NumBeams = 3, DoSample = true, EosTokenId = [End], ForcedBosTokenId = 2, ForcedEosTokenId = [End] };
        var tokens = Generate(config, HistoryDecoder.Hashed(8, 1), seed: 1).Sequences[0].Tokens;
        Assert.Equal(2, tokens[0]);
        Assert.Equal(End, tokens[^1]);
    }

    [Fact]
    public void More_beams_than_continuations_are_refused() => Assert.Throws<InvalidGenerationConfigException>(() =>
        Generate(new GenerationConfig { NumBeams = 2, EosTokenId = [0, 1, 2, 3] }, HistoryDecoder.Hashed(4, 1)));

    private static HistoryDecoder Bigrams() => new(4, history => Logits(Table[history[^1]]));

    private static float[] Logits(double[] probabilities) => [.. probabilities.Select(probability => (float)Math.Log(probability))];

    private static GenerationResult Generate(GenerationConfig config, HistoryDecoder decoder, TokenBatch? prompt = null, ulong? seed = null) =>
        new TokenGenerator(decoder, config, new GenerationOptions { Seed = seed }).Generate(prompt ?? TokenBatch.Of([1]), CancellationToken.None);

    private static (int[] Tokens, double LogProbability)[] Sequences(HistoryDecoder decoder, int[] prefix, double logProbability, int left)
    {
        if (left == 0 || prefix.Length > 1 && prefix[^1] == End)
            return [(prefix[1..], logProbability)];
        decoder.Reset();
        var ids = prefix.Select(id => (long)id).ToArray();
        var ones = ids.Select(_ => 1L).ToArray();
        var logits = decoder.Step(new DecoderInput(1, ids, ones, ids)).ToArray();
        var logSum = Math.Log(logits.Sum(logit => Math.Exp(logit)));
        return logits.SelectMany((logit, token) => Sequences(decoder, [.. prefix, token], logProbability + logit - logSum, left - 1)).ToArray();
    }
}
