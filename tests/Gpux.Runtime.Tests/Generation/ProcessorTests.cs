using Gpux.Runtime.Generation;
using Gpux.Runtime.Generation.Processors;

namespace Gpux.Runtime.Tests.Generation;

public sealed class ProcessorTests
{
    private const float Out = float.NegativeInfinity;

    [Fact]
    public void Repetition_penalty_acts_once_per_token_and_away_from_zero()
    {
        Assert.Equal([2f, -2, 3, -1], Process(new RepetitionPenalty(2), [4, -1, 3, -1], ids: [0, 1, 0, 0, 1]));
        Assert.Equal([8f, -0.5f, 3], Process(new RepetitionPenalty(0.5f), [4, -1, 3], ids: [0, 1]));
        Assert.Equal([1f, 2], Process(new RepetitionPenalty(2), [2, 2], ids: [0, 900]));
    }

    [Fact]
    public void Encoder_penalty_is_the_inverse_and_reaches_the_first_rows_only()
    {
        var rule = new EncoderRepetitionPenalty(2, new TokenBatch(2, 1, [0, 1]));
        Assert.Equal([8f, -1], Process(rule, [4, -1], ids: [1], row: 0));
        Assert.Equal([4f, -0.5f], Process(rule, [4, -1], ids: [1], row: 1));
        Assert.Equal([4f, -1], Process(rule, [4, -1], ids: [1], row: 2));
    }

    [Fact]
    public void Ngrams_do_not_occur_twice()
    {
        Assert.Equal([0f, Out, Out, 0], Process(new NoRepeatNgram(2), new float[4], ids: [0, 1, 0, 2, 0]));
        Assert.Equal([0f, 0, 0, Out], Process(new NoRepeatNgram(3), new float[4], ids: [0, 1, 3, 0, 0, 1]));
        Assert.Equal([Out, 0f, Out], Process(new NoRepeatNgram(1), new float[3], ids: [2, 0]));
        Assert.Equal(new float[3], Process(new NoRepeatNgram(5), new float[3], ids: [0, 0]));
        Assert.Equal([0f, Out, 0], Process(new NoRepeatNgram(2), new float[3], ids: [1, 1]));
    }

    [Fact]
    public void Ngrams_of_the_encoder_are_those_of_a_rows_own_prompt()
    {
        var rule = new EncoderNoRepeatNgram(2, new TokenBatch(2, 3, [0, 1, 2, 0, 2, 1]), copies: 2);
        Assert.Equal([0f, Out, 0], Process(rule, new float[3], ids: [0], row: 1));
        Assert.Equal([0f, 0, Out], Process(rule, new float[3], ids: [0], row: 2));
        Assert.Equal(new float[3], Process(new EncoderNoRepeatNgram(3, new TokenBatch(1, 3, [0, 1, 2]), 1), new float[3], ids: [0]));
    }

    [Fact]
    public void Biases_wait_for_a_row_as_long_as_their_sequence()
    {
        var rule = new SequenceBiases([new([1], 2), new([0, 1], 3), new([0, 2], -1), new([0, 2], 5)]);
        Assert.Equal([0f, 2, 0], Process(rule, new float[3], ids: [0]));
        Assert.Equal([0f, 5, 5], Process(rule, new float[3], ids: [2, 0]));
        Assert.Equal([0f, Out, 0], Process(SequenceBiases.Forbidding([[0, 1]]), new float[3], ids: [2, 0]));
    }

    [Fact]
    public void A_single_end_is_no_bad_word()
    {
        using var pipeline = Pipeline(new GenerationConfig { EosTokenId = [1], BadWordsIds = [[1], [1, 2]] });
        Assert.IsType<SequenceBiases>(Assert.Single(pipeline.Processors));
        using var none = Pipeline(new GenerationConfig { EosTokenId = [1], BadWordsIds = [[1]] });
        Assert.Empty(none.Processors);
    }

    [Fact]
    public void Neutral_settings_leave_every_rule_out()
    {
        using var pipeline = Pipeline(new GenerationConfig
        {
            DoSample = true, TopK = 0, TopP = 1, TypicalP = 1, EpsilonCutoff = 0, EtaCutoff = 1, Temperature = 1, RepetitionPenalty = 1,
            EncoderRepetitionPenalty = null, NoRepeatNgramSize = 0, MinLength = 3, SuppressTokens = [], BeginSuppressTokens = [],
        });
        Assert.Empty(pipeline.Processors); // no end, so no least length
    }

    [Fact]
    public void Rules_of_sampling_are_left_out_of_greedy_search()
    {
        using var pipeline = Pipeline(new GenerationConfig { Temperature = 2, TopP = 0.5, MinP = 0.1, RenormalizeLogits = true });
        Assert.IsType<Renormalization>(Assert.Single(pipeline.Processors));
    }

    [Fact]
    public void Order_is_the_librarys_with_a_familys_own_rules_before_sampling()
    {
        using var pipeline = Pipeline(new GenerationConfig
        {
            DoSample = true, SequenceBias = [new([1], 1)], EncoderRepetitionPenalty = 2, RepetitionPenalty = 2, NoRepeatNgramSize = 2,
            EncoderNoRepeatNgramSize = 2, BadWordsIds = [[3]], MinNewTokens = 2, EosTokenId = [2], ForcedBosTokenId = 1, ForcedEosTokenId = [2],
            RemoveInvalidValues = true, ExponentialDecayLengthPenalty = new(1, 2), SuppressTokens = [1], BeginSuppressTokens = [3],
            Temperature = 2, TopH = 0.5, TopP = 0.5, MinP = 0.1, TypicalP = 0.5, EpsilonCutoff = 0.1, EtaCutoff = 0.1, RenormalizeLogits = true,
        }, new MinLength(1, [0]));
        Assert.Equal(
            [typeof(SequenceBiases), typeof(EncoderRepetitionPenalty), typeof(RepetitionPenalty), typeof(NoRepeatNgram), typeof(EncoderNoRepeatNgram),
                typeof(SequenceBiases), typeof(MinLength), typeof(ForcedBos), typeof(ForcedEos), typeof(RemoveInvalidValues),
                typeof(ExponentialDecayLengthPenalty), typeof(SuppressTokens), typeof(BeginSuppressTokens), typeof(MinLength),
                typeof(Temperature), typeof(TopH), typeof(TopK), typeof(TopP), typeof(MinP), typeof(TypicalP), typeof(EpsilonCutoff),
                typeof(EtaCutoff), typeof(Renormalization)],
            pipeline.Processors.Select(rule => rule.GetType()));
    }

    [Theory]
    [InlineData("forced_bos_token_id")]
    [InlineData("forced_eos_token_id")]
    [InlineData("bad_words_ids")]
    [InlineData("sequence_bias")]
    public void Token_beyond_the_vocabulary_is_refused(string field)
    {
        var config = field switch
        {
            "forced_bos_token_id" => new GenerationConfig { ForcedBosTokenId = 10 },
            "forced_eos_token_id" => new GenerationConfig { ForcedEosTokenId = [1, -1] },
            "bad_words_ids" => new GenerationConfig { BadWordsIds = [[1, 10]] },
            _ => new GenerationConfig { SequenceBias = [new([10, 1], 2)] },
        };
        Assert.Contains(field, Assert.Throws<InvalidGenerationConfigException>(() => Pipeline(config)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ends_are_held_back_while_a_row_is_short()
    {
        Assert.Equal([0f, Out, Out], Process(new MinLength(3, [1, 2]), new float[3], ids: [0, 0]));
        Assert.Equal(new float[3], Process(new MinLength(3, [1, 2]), new float[3], ids: [0, 0, 0]));
    }

    [Fact]
    public void Forced_tokens_stand_alone_at_their_place()
    {
        Assert.Equal([Out, 0f, Out], Process(new ForcedBos(1), [3, -4, 5], ids: [0]));
        Assert.Equal([3f, -4, 5], Process(new ForcedBos(1), [3, -4, 5], ids: [0, 0]));
        Assert.Equal([0f, Out, 0], Process(new ForcedEos(4, [0, 2]), [3, -4, 5], ids: [0, 0, 0]));
        Assert.Equal([3f, -4, 5], Process(new ForcedEos(4, [0, 2]), [3, -4, 5], ids: [0, 0]));
    }

    [Fact]
    public void First_tokens_are_suppressed_after_a_forced_beginning()
    {
        var config = new GenerationConfig { ForcedBosTokenId = 1, BeginSuppressTokens = [2] };
        using var pipeline = LogitsPipeline.For(config, new LengthLimits(1, 9, 0), 3, new TokenBatch(1, 1, [0]), 1, []);
        var scores = new float[3];
        pipeline.Process(0, [0, 1], scores);
        Assert.Equal([0f, 0, Out], scores);
    }

    [Fact]
    public void Ends_become_likelier_with_every_token_past_the_start()
    {
        var rule = new ExponentialDecayLengthPenalty(new ExponentialDecay(1, 2), promptLength: 1, [0, 1, 2]);
        Assert.Equal([4f, -4, Out, 1], Process(rule, [4, -4, Out, 1], ids: [0, 0]));
        Assert.Equal([8f, 0, Out, 1], Process(rule, [4, -4, Out, 1], ids: [0, 0, 0]));
        Assert.Equal([16f, 8, Out, 1], Process(rule, [4, -4, Out, 1], ids: [0, 0, 0, 0]));
    }

    [Fact]
    public void Invalid_values_become_numbers() => Assert.Equal([0f, float.MaxValue, float.MinValue, 1],
        Process(new RemoveInvalidValues(), [float.NaN, float.PositiveInfinity, Out, 1], ids: [0]));

    [Fact]
    public void Top_k_keeps_ties_of_the_last()
    {
        Assert.Equal([5f, 3, 3, Out, 3], Process(new TopK(2), [5, 3, 3, 1, 3], ids: [0]));
        Assert.Equal([Out, 3f, Out], Process(new TopK(2), [Out, 3, Out], ids: [0]));
        Assert.Equal([5f, 3], Process(new TopK(9), [5, 3], ids: [0]));
    }

    [Fact]
    public void Top_p_removes_the_lower_ids_of_equal_tokens()
    {
        Assert.Equal([Out, Out, 0f, 0], Process(new TopP(0.5, 1), new float[4], ids: [0]));
        Assert.Equal([Out, Out, Out, 0f], Process(new TopP(0, 1), new float[4], ids: [0]));
        Assert.Equal([Out, Out, 0f, 0], Process(new TopP(0, 2), new float[4], ids: [0]));
    }

    [Fact]
    public void A_row_without_tokens_stays_so()
    {
        ILogitsProcessor[] rules = [new TopK(2), new TopP(0.5, 2), new MinP(0.5f, 2), new TypicalP(0.5f, 2), new EpsilonCutoff(0.1f, 2),
            new EtaCutoff(0.1f, 2), new TopH(0.5f), new Temperature(2)];
        foreach (var rule in rules)
            Assert.Equal([Out, Out, Out], Process(rule, [Out, Out, Out], ids: [0]));
    }

    private static float[] Process(ILogitsProcessor rule, float[] scores, int[] ids, int row = 0)
    {
        using var scratch = new LogitsScratch(scores.Length);
        rule.Process(new LogitsRow(row, ids, scores, scratch));
        // A rule leaves shared memory as it found it.
        Assert.Equal(0, scratch.Marks().IndexOfAnyExcept(0ul) + 1);
        return scores;
    }

    private static LogitsPipeline Pipeline(GenerationConfig config, params ILogitsProcessor[] own) =>
        LogitsPipeline.For(config, LengthLimits.Of(config, 2), 10, new TokenBatch(1, 2, [0, 1]), 1, own);
}
