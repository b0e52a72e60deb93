namespace Gpux.Runtime.Generation.Processors;

/// <summary>The rules that settings ask for, in the order of the reference.</summary>
/// <remarks>Source: transformers 5.23, GenerationMixin._get_logits_processor. A rule that would change nothing is left out.</remarks>
internal sealed class LogitsPipeline : IDisposable
{
    private readonly LogitsScratch _scratch;

    private LogitsPipeline(ILogitsProcessor[] processors, int vocabularySize)
    {
        Processors = processors;
        _scratch = new LogitsScratch(vocabularySize);
    }

    public ILogitsProcessor[] Processors { get; }

    /// <param name="config">Checked settings.</param>
    /// <param name="encoderInput">The tokens that the encoder read or, without one, the prompt.</param>
    /// <param name="copies">The rows that are generated for each of the encoder's.</param>
    /// <param name="own">Rules of the model's family.</param>
    /// <exception cref="InvalidGenerationConfigException">A token is not in the vocabulary.</exception>
    public static LogitsPipeline For(GenerationConfig config, LengthLimits limits, int vocabularySize, TokenBatch encoderInput,
        int copies, IReadOnlyList<ILogitsProcessor> own)
    {
        var rules = new List<ILogitsProcessor>();
        AddPenalties(rules, config, vocabularySize, encoderInput, copies);
        AddEnds(rules, config, limits, vocabularySize);
        if (config.SuppressTokens is { Count: > 0 } suppressed)
            rules.Add(new SuppressTokens([.. suppressed]));
        if (config.BeginSuppressTokens is { Count: > 0 } first)
        {
            // After a prompt of one token, the forced one is not the first that is free.
            var begin = limits.PromptLength > 1 || config.ForcedBosTokenId is null ? limits.PromptLength : limits.PromptLength + 1;
            rules.Add(new BeginSuppressTokens(begin, [.. first]));
        }
        rules.AddRange(own);
        if (config.DoSample)
            AddSampling(rules, config);
        if (config.RenormalizeLogits)
            rules.Add(new Renormalization());
        return new LogitsPipeline([.. rules], vocabularySize);
    }

    /// <param name="row">The row's place among all that are generated, beams included.</param>
    public void Process(int row, ReadOnlySpan<int> ids, Span<float> scores)
    {
        var logits = new LogitsRow(row, ids, scores, _scratch);
        foreach (var rule in Processors)
            rule.Process(logits);
    }

    /// <summary>The tokens that are left. Valid until the next call.</summary>
    public Candidates Candidates(ReadOnlySpan<float> scores) => _scratch.Candidates(scores);

    public void Dispose() => _scratch.Dispose();

    private static void AddPenalties(
        List<ILogitsProcessor> rules, GenerationConfig config, int vocabularySize, TokenBatch encoderInput, int copies)
    {
        if (config.SequenceBias is { } biases)
        {
            foreach (var bias in biases)
                RequireKnown(bias.Tokens, vocabularySize, "sequence_bias");
            rules.Add(new SequenceBiases(biases));
        }
        if (config.EncoderRepetitionPenalty is { } encoderPenalty and not 1 && encoderInput.Length > 0)
            rules.Add(new EncoderRepetitionPenalty((float)encoderPenalty, encoderInput));
        if (config.RepetitionPenalty is { } penalty and not 1)
            rules.Add(new RepetitionPenalty((float)penalty));
        if (config.NoRepeatNgramSize is { } size and > 0)
            rules.Add(new NoRepeatNgram(size));
        if (config.EncoderNoRepeatNgramSize is { } encoderSize and > 0 && encoderInput.Length > 0)
            rules.Add(new EncoderNoRepeatNgram(encoderSize, encoderInput, copies));
        // A row may always end: an end is no bad word by itself.
        var words = new List<int[]>();
        foreach (var word in config.BadWordsIds ?? [])
        {
            RequireKnown(word, vocabularySize, "bad_words_ids");
            if (word is not [var token] || !config.EosTokenId.Contains(token))
                words.Add(word);
        }
        if (words.Count > 0)
            rules.Add(SequenceBiases.Forbidding(words));
    }

    private static void AddEnds(List<ILogitsProcessor> rules, GenerationConfig config, LengthLimits limits, int vocabularySize)
    {
        var ends = KnownEnds(config, vocabularySize);
        if (limits.MinLength > 0 && ends.Length > 0)
            rules.Add(new MinLength(limits.MinLength, ends));
        if (config.ForcedBosTokenId is { } bos)
        {
            RequireKnown([bos], vocabularySize, "forced_bos_token_id");
            rules.Add(new ForcedBos(bos));
        }
        if (config.ForcedEosTokenId is { Count: > 0 } forced)
        {
            int[] tokens = [.. forced];
            RequireKnown(tokens, vocabularySize, "forced_eos_token_id");
            rules.Add(new ForcedEos(limits.MaxLength, tokens));
        }
        if (config.RemoveInvalidValues)
            rules.Add(new RemoveInvalidValues());
        if (config.ExponentialDecayLengthPenalty is { } decay && ends.Length > 0)
            rules.Add(new ExponentialDecayLengthPenalty(decay, limits.PromptLength, ends));
    }

    private static void AddSampling(List<ILogitsProcessor> rules, GenerationConfig config)
    {
        // A beam needs an alternative to ending, so as to go on.
        var least = config.NumBeams == 1 ? 1 : config.EosTokenId.Count == 0 ? 2 : config.EosTokenId.Count + 1;
        if (config.Temperature is { } temperature and not 1)
            rules.Add(new Temperature((float)temperature));
        if (config.TopH is { } topH)
            rules.Add(new TopH((float)topH));
        if (config.TopK is { } topK and not 0)
            rules.Add(new TopK(Math.Max(topK, least)));
        if (config.TopP is { } topP and < 1)
            rules.Add(new TopP(topP, least));
        if (config.MinP is { } minP)
            rules.Add(new MinP((float)minP, least));
        if (config.TypicalP is { } typicalP and < 1)
            rules.Add(new TypicalP((float)typicalP, least));
        if (config.EpsilonCutoff is { } epsilon and > 0 and < 1)
            rules.Add(new EpsilonCutoff((float)epsilon, least));
        if (config.EtaCutoff is { } eta and > 0 and < 1)
            rules.Add(new EtaCutoff((float)eta, least));
    }

    /// <summary>Each end once, without those that the vocabulary lacks, as some files have.</summary>
    private static int[] KnownEnds(GenerationConfig config, int vocabularySize)
    {
        var ends = new List<int>();
        foreach (var token in config.EosTokenId)
        {
            if (token >= 0 && token < vocabularySize && !ends.Contains(token))
                ends.Add(token);
        }
        return [.. ends];
    }

    private static void RequireKnown(ReadOnlySpan<int> tokens, int vocabularySize, string name)
    {
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)vocabularySize)
                throw new InvalidGenerationConfigException("The settings",
                    $"'{name}' names token {token}, where the model's vocabulary has {vocabularySize} tokens");
        }
    }
}
