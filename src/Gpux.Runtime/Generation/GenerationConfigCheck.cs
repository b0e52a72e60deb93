namespace Gpux.Runtime.Generation;

/// <summary>Whether settings make sense together. What the reference refuses when it begins to generate is refused here.</summary>
internal static class GenerationConfigCheck
{
    // Nothing that helps a text; they bound the memory that a file can ask for.
    private const int MostBeams = 1024;

    /// <exception cref="InvalidGenerationConfigException">A value is out of range.</exception>
    /// <exception cref="UnsupportedGenerationException">A way of generating is asked for that does not exist here.</exception>
    public static void Check(GenerationConfig config)
    {
        if (config.Refused is [var feature, ..])
            throw new UnsupportedGenerationException(feature);
        // The reference takes it for contrastive search under these conditions only.
        if (config is { PenaltyAlpha: > 0, DoSample: false, NumBeams: 1, TopK: > 1 })
            throw new UnsupportedGenerationException("penalty_alpha");

        CheckCounts(config);
        CheckTokens(config);
        CheckPenalties(config);
        if (config.DoSample)
            CheckSampling(config);
    }

    private static void CheckCounts(GenerationConfig config)
    {
        Require(config.MaxNewTokens is null or > 0, "max_new_tokens", config.MaxNewTokens, "at least 1");
        Require(config.NumBeams is >= 1 and <= MostBeams, "num_beams", config.NumBeams, "from 1 to 1024");
        Require(config.NumReturnSequences is >= 1 and <= MostBeams, "num_return_sequences", config.NumReturnSequences, "from 1 to 1024");
        Require(config.NumBeams > 1 || config.DoSample || config.NumReturnSequences == 1, "num_return_sequences",
            config.NumReturnSequences, "1 where neither do_sample is true nor num_beams greater than 1");
        Require(config.NumBeams == 1 || config.NumReturnSequences <= config.NumBeams, "num_return_sequences",
            config.NumReturnSequences, $"at most num_beams, {config.NumBeams}");
        Require(config.MinNewTokens is null or >= 0, "min_new_tokens", config.MinNewTokens, "not negative");
    }

    private static void CheckTokens(GenerationConfig config)
    {
        foreach (var text in config.StopStrings)
            Require(text.Length > 0, "stop_strings", "an empty text", "a text of at least one character");
        if (config.BadWordsIds is { } badWords)
        {
            Require(badWords.Count > 0, "bad_words_ids", "an empty list", "null or a list with something in it");
            foreach (var word in badWords)
                Require(word.Length > 0, "bad_words_ids", "a list with an empty list in it", "a list of lists of tokens");
        }
        if (config.SequenceBias is { } biases)
        {
            Require(biases.Count > 0, "sequence_bias", "an empty list", "null or a list with something in it");
            foreach (var bias in biases)
                Require(bias.Tokens.Length > 0, "sequence_bias", "a list with an empty sequence in it", "a list of [tokens, bias]");
        }
        if (config.SuppressTokens is { } suppressed)
        {
            Require(config.ForcedBosTokenId is not { } bos || !suppressed.Contains(bos), "forced_bos_token_id",
                config.ForcedBosTokenId, "not one of suppress_tokens");
            Require(config.ForcedEosTokenId is not { Count: > 0 } eos || !eos.All(suppressed.Contains), "forced_eos_token_id",
                "suppressed", "not wholly among suppress_tokens");
        }
    }

    private static void CheckPenalties(GenerationConfig config)
    {
        Require(config.RepetitionPenalty is null or > 0, "repetition_penalty", config.RepetitionPenalty, "greater than 0");
        Require(config.EncoderRepetitionPenalty is null or > 0, "encoder_repetition_penalty", config.EncoderRepetitionPenalty, "greater than 0");
        Require(double.IsFinite(config.LengthPenalty), "length_penalty", config.LengthPenalty, "finite");
    }

    private static void CheckSampling(GenerationConfig config)
    {
        Require(config.Temperature is null or > 0, "temperature", config.Temperature,
            "greater than 0 (for the likeliest token at each step, set do_sample to false instead)");
        Require(config.TopK is null or >= 0, "top_k", config.TopK, "not negative");
        Require(config.TopP is null or >= 0, "top_p", config.TopP, "from 0 to 1");
        Require(config.MinP is null or (>= 0 and <= 1), "min_p", config.MinP, "from 0 to 1");
        Require(config.TopH is null or (> 0 and <= 1), "top_h", config.TopH, "greater than 0 and at most 1");
        Require(config.TypicalP is null or > 0, "typical_p", config.TypicalP, "greater than 0");
    }

    private static void Require(bool condition, string name, object? value, string expected)
    {
        if (!condition)
            throw new InvalidGenerationConfigException("The settings",
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"'{name}' is {value}, where it must be {expected}"));
    }
}
