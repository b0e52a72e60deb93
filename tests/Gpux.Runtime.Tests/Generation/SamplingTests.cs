using Gpux.Runtime.Generation;
using Gpux.Runtime.Generation.Processors;
using Gpux.Runtime.Generation.Sampling;

namespace Gpux.Runtime.Tests.Generation;

public sealed class SamplingTests
{
    [Fact]
    public void Stream_of_a_seed_is_the_same_in_every_release()
    {
        // Computed from the definition with Python's integers.
        var stream = new RandomStream(42, 0);
        Assert.Equal([0.9346533080774121, 0.13773352022640906, 0.569398940388649], (double[])[stream.NextDouble(), stream.NextDouble(), stream.NextDouble()]);
    }

    [Fact]
    public void Tokens_are_drawn_by_their_probabilities()
    {
        float[] scores = [.. Enumerable.Range(0, 40).Select(i => i % 7 == 3 ? float.NegativeInfinity : MathF.Sin(i) * 2)];
        var probabilities = Softmax(scores);
        using var scratch = new LogitsScratch(scores.Length);
        var random = new RandomStream(7, 0);
        const int draws = 200_000;
        var counts = new int[scores.Length];
        for (var i = 0; i < draws; i++)
            counts[TokenChoice.Draw(scratch.Candidates(scores), ref random)]++;
        AssertFits(counts, probabilities, draws);
    }

    [Fact]
    public void Different_tokens_are_drawn_each_among_those_left()
    {
        float[] scores = [0, 1, float.NegativeInfinity, 2, 0.5f];
        var first = Softmax(scores);
        var random = new RandomStream(11, 0);
        const int draws = 200_000;
        var (counts, expected) = (new int[25], new double[25]);
        Span<int> drawn = stackalloc int[2];
        for (var i = 0; i < draws; i++)
        {
            TokenChoice.DrawDifferent(scores, drawn, ref random);
            counts[5 * drawn[0] + drawn[1]]++;
        }
        for (var pair = 0; pair < 25; pair++)
            expected[pair] = pair / 5 == pair % 5 ? 0 : first[pair / 5] * first[pair % 5] / (1 - first[pair / 5]);
        AssertFits(counts, expected, draws);
    }

    [Fact]
    public void Unlikely_tokens_follow_when_the_likely_are_all_drawn()
    {
        float[] scores = [-1e9f, 0, float.NegativeInfinity, -2e9f];
        var random = new RandomStream(1, 0);
        var drawn = new int[4];
        TokenChoice.DrawDifferent(scores, drawn, ref random);
        Assert.Equal([1, 0, 3, 2], drawn);
    }

    [Fact]
    public void Likeliest_token_is_the_first_of_equal_ones() => Assert.Equal(2, TokenChoice.Greatest([0, float.NegativeInfinity, 3, 1, 3]));

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.PositiveInfinity)]
    public void Scores_without_a_choice_are_refused(float score)
    {
        float[] scores = [.. Enumerable.Repeat(score, 20)];
        using var scratch = new LogitsScratch(scores.Length);
        var random = new RandomStream(1, 0);
        Assert.Throws<InvalidLogitsException>(() => TokenChoice.Draw(scratch.Candidates(scores), ref random));
        Assert.Throws<InvalidLogitsException>(() => TokenChoice.DrawDifferent(scores, new int[2], ref random));
        if (!float.IsPositiveInfinity(score))
            Assert.Throws<InvalidLogitsException>(() => TokenChoice.Greatest(scores));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Model_that_gives_NaN_is_refused(int beams) => Assert.Throws<InvalidLogitsException>(() =>
        new TokenGenerator(new HistoryDecoder(9, _ => [.. Enumerable.Repeat(float.NaN, 9)]), new GenerationConfig { NumBeams = beams })
            .Generate(TokenBatch.Of([1]), CancellationToken.None));

    [Fact]
    public void Seed_determines_the_tokens_of_a_row_whatever_its_batch()
    {
        var config = new GenerationConfig { DoSample = true, MaxNewTokens = 12, EosTokenId = [0], PadTokenId = 9 };
        var options = new GenerationOptions { Seed = 5 };
        GenerationResult Generate(params int[][] prompts) =>
            new TokenGenerator(HistoryDecoder.Hashed(30, 2), config, options).Generate(TokenBatch.LeftPadded(prompts, 9), CancellationToken.None);
        var alone = Generate([4, 5]).Sequences[0].Tokens;
        Assert.Equal(alone, Generate([4, 5]).Sequences[0].Tokens);
        Assert.Equal(alone, Generate([4, 5], [1], [7, 8, 1]).Sequences[0].Tokens);
        Assert.NotEqual(alone, new TokenGenerator(HistoryDecoder.Hashed(30, 2), config, new GenerationOptions { Seed = 6 })
            .Generate(TokenBatch.Of([4, 5]), CancellationToken.None).Sequences[0].Tokens);
    }

    [Fact]
    public void Several_sequences_of_a_prompt_are_drawn_apart()
    {
        var config = new GenerationConfig { DoSample = true, MaxNewTokens = 8, NumReturnSequences = 4 };
        var result = new TokenGenerator(HistoryDecoder.Hashed(50, 2), config, new GenerationOptions { Seed = 1 })
            .Generate(TokenBatch.LeftPadded([[1, 2], [3]], 0), CancellationToken.None);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], result.Sequences.Select(sequence => sequence.PromptRow));
        Assert.Equal(8, result.Sequences.Select(sequence => string.Join(' ', sequence.Tokens)).Distinct().Count());
    }

    [Fact]
    public void Steps_allocate_nothing()
    {
        const int vocabulary = 4096;
        var scores = new float[vocabulary];
        var config = new GenerationConfig
        {
            DoSample = true, Temperature = 0.7, TopP = 0.9, MinP = 0.01, TypicalP = 0.95, EpsilonCutoff = 1e-6, EtaCutoff = 1e-6, TopH = 0.9,
            RepetitionPenalty = 1.1, NoRepeatNgramSize = 3, SequenceBias = [new([1, 2], 1)], EosTokenId = [2], MinNewTokens = 5,
            RenormalizeLogits = true,
        };
        using var pipeline = LogitsPipeline.For(config, LengthLimits.Of(config, 4), vocabulary, new TokenBatch(1, 4, [1, 2, 3, 4]), 1, []);
        var random = new RandomStream(1, 0);
        int[] ids = [1, 2, 3, 4, 1, 2];
        var allocated = 0L;
        for (var step = 0; step < 50; step++)
        {
            for (var i = 0; i < vocabulary; i++)
                scores[i] = MathF.Sin(i * (step + 1)) * 5;
            var before = GC.GetAllocatedBytesForCurrentThread();
            pipeline.Process(0, ids, scores);
            TokenChoice.Draw(pipeline.Candidates(scores), ref random);
            // The first steps rent what the others share.
            allocated += step < 5 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    private static double[] Softmax(float[] scores)
    {
        var sum = scores.Sum(score => Math.Exp(score));
        return [.. scores.Select(score => Math.Exp(score) / sum)];
    }

    /// <summary>Pearson's test. A right generator fails it for one seed in ten thousand.</summary>
    private static void AssertFits(int[] counts, double[] probabilities, int draws)
    {
        var (statistic, freedom) = (0d, -1);
        for (var i = 0; i < counts.Length; i++)
        {
            if (probabilities[i] == 0)
            {
                Assert.Equal(0, counts[i]);
                continue;
            }
            var expected = probabilities[i] * draws;
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            freedom++;
        }
        // The quantile by Wilson and Hilferty; 3.72 is that of the normal distribution.
        var root = 1 - 2.0 / (9 * freedom) + 3.72 * Math.Sqrt(2.0 / (9 * freedom));
        Assert.True(statistic < freedom * root * root * root, $"chi-square {statistic} with {freedom} degrees of freedom");
    }
}
