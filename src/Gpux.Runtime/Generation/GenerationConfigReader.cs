using System.Text.Json;

namespace Gpux.Runtime.Generation;

/// <summary>Reads generation settings from JSON: a repository's files, or the arguments of a call.</summary>
internal static class GenerationConfigReader
{
    private const string File = "generation_config.json";
    private const string ModelFile = "config.json";
    private const string Arguments = "The arguments";
    private const int MaxFileBytes = 16 << 20;

    public static GenerationConfig Load(ModelFiles files)
    {
        var model = files.Find(ModelFile) is { } path ? Parse(path, ModelFile) : default;
        var config = files.Find(File) is { } own ? Parse(Parse(own, File)) : FromModelConfig(model);
        return config with { MaxPositionEmbeddings = MaxPositionEmbeddings(model) };
    }

    public static GenerationConfig Parse(ReadOnlyMemory<byte> json) => Parse(Parse(json, File));

    public static GenerationConfig Override(GenerationConfig config, JsonElement arguments)
    {
        if (arguments.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return config;
        if (arguments.ValueKind != JsonValueKind.Object)
            throw new InvalidGenerationConfigException(Arguments, "they are no JSON object");
        try
        {
            foreach (var field in arguments.EnumerateObject())
            {
                var value = new Setting(Arguments, field.Name, field.Value);
                config = Set(config, value) ?? (IsWithoutEffect(field.Name) ? config : throw value.Invalid("no such setting exists"));
            }
            return config;
        }
        catch (InvalidOperationException exception)
        {
            // Whoever parsed them let "\ud800" pass, which fails when it is read.
            throw new InvalidGenerationConfigException(Arguments, "a text holds half a character", exception);
        }
    }

    private static JsonElement Parse(string path, string file) => new FileInfo(path).Length <= MaxFileBytes
        ? Parse(System.IO.File.ReadAllBytes(path), file)
        : throw new InvalidGenerationConfigException(file, "it is longer than 16 MiB");

    private static JsonElement Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            var root = PythonJson.Parse(json);
            return root.ValueKind == JsonValueKind.Object ? root : throw new InvalidGenerationConfigException(file, "it holds no JSON object");
        }
        catch (JsonException exception)
        {
            throw new InvalidGenerationConfigException(file, $"it is not JSON: {exception.Message}", exception);
        }
    }

    private static GenerationConfig Parse(JsonElement file)
    {
        // Files that were made from a config.json hold whatever that held: only the common fields are meant.
        var common = file.TryGetProperty("_from_model_config", out var made) && made.ValueKind == JsonValueKind.True;
        var config = Fill(new GenerationConfig(), file, File, except: default);
        return common ? config with { Speech = new SpeechSettings() } : config;
    }

    /// <summary>The settings that older repositories keep in config.json, the decoder's own where the outer object has none.</summary>
    private static GenerationConfig FromModelConfig(JsonElement model)
    {
        var config = new GenerationConfig();
        if (model.ValueKind != JsonValueKind.Object)
            return config;
        config = Fill(config, model, ModelFile, except: default);
        // BART's first files.
        if (model.TryGetProperty("force_bos_token_to_be_generated", out var forced) && forced.ValueKind == JsonValueKind.True)
            config = config with { ForcedBosTokenId = config.BosTokenId };
        foreach (var part in (ReadOnlySpan<string>)["decoder", "generator", "text_config"])
        {
            if (!model.TryGetProperty(part, out var decoder) || decoder.ValueKind != JsonValueKind.Object)
                continue;
            config = Fill(config, decoder, $"{ModelFile}: {part}", except: model);
            break;
        }
        return config with { Speech = new SpeechSettings() };
    }

    /// <summary>Null where config.json does not say; only the model's own class knows its default then.</summary>
    private static int? MaxPositionEmbeddings(JsonElement model)
    {
        if (model.ValueKind != JsonValueKind.Object)
            return null;
        foreach (var name in (ReadOnlySpan<string>)["max_position_embeddings", "n_positions"])
        {
            if (model.TryGetProperty(name, out var field) && field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var positions))
                return positions;
        }
        return null;
    }

    private static GenerationConfig Fill(GenerationConfig config, JsonElement file, string source, JsonElement except)
    {
        foreach (var field in file.EnumerateObject())
        {
            // In a file, null means that nobody chose a value.
            if (field.Value.ValueKind == JsonValueKind.Null || IsGiven(except, field.Name))
                continue;
            config = Set(config, new Setting(source, field.Name, field.Value)) ?? config;
        }
        return config;
    }

    private static bool IsGiven(JsonElement by, string name) => by.ValueKind == JsonValueKind.Object
        && by.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null;

    /// <returns>Null if there is no such setting.</returns>
    private static GenerationConfig? Set(GenerationConfig config, Setting value) => value.Name switch
    {
        "max_length" => config with { MaxLength = value.Int() },
        "max_new_tokens" => config with { MaxNewTokens = value.Int() },
        "min_length" => config with { MinLength = value.Int() ?? 0 },
        "min_new_tokens" => config with { MinNewTokens = value.Int() },
        "max_time" => config with { MaxTime = value.Seconds() },
        "stop_strings" => config with { StopStrings = value.Texts() },
        "do_sample" => config with { DoSample = value.Flag() },
        "num_beams" => config with { NumBeams = value.Int() ?? 1 },
        "early_stopping" => config with { EarlyStopping = value.EarlyStopping() },
        "length_penalty" => config with { LengthPenalty = value.Number() ?? 1 },
        "num_return_sequences" => config with { NumReturnSequences = value.Int() ?? 1 },
        "temperature" => config with { Temperature = value.Number() },
        "top_k" => config with { TopK = value.Int() },
        "top_p" => config with { TopP = value.Number() },
        "min_p" => config with { MinP = value.Number() },
        "top_h" => config with { TopH = value.Number() },
        "typical_p" => config with { TypicalP = value.Number() },
        "epsilon_cutoff" => config with { EpsilonCutoff = value.Number() },
        "eta_cutoff" => config with { EtaCutoff = value.Number() },
        "repetition_penalty" => config with { RepetitionPenalty = value.Number() },
        "encoder_repetition_penalty" => config with { EncoderRepetitionPenalty = value.Number() },
        "no_repeat_ngram_size" => config with { NoRepeatNgramSize = value.Int() },
        "encoder_no_repeat_ngram_size" => config with { EncoderNoRepeatNgramSize = value.Int() },
        "bad_words_ids" => config with { BadWordsIds = value.IntLists() },
        "sequence_bias" => config with { SequenceBias = value.SequenceBias() },
        "suppress_tokens" => config with { SuppressTokens = value.Ints() },
        "begin_suppress_tokens" => config with { BeginSuppressTokens = value.Ints() },
        "forced_bos_token_id" => config with { ForcedBosTokenId = value.Int() },
        "forced_eos_token_id" => config with { ForcedEosTokenId = value.IntOrInts() },
        "exponential_decay_length_penalty" => config with { ExponentialDecayLengthPenalty = value.Decay() },
        "remove_invalid_values" => config with { RemoveInvalidValues = value.Flag() },
        "renormalize_logits" => config with { RenormalizeLogits = value.Flag() },
        "bos_token_id" => config with { BosTokenId = value.Int() },
        "eos_token_id" => config with { EosTokenId = value.IntOrInts() ?? [] },
        "pad_token_id" => config with { PadTokenId = value.Int() },
        "decoder_start_token_id" => config with { DecoderStartTokenId = value.IntOrInts() ?? [] },
        "penalty_alpha" => config with { PenaltyAlpha = value.Number() },
        "guidance_scale" => Refuse(config, value.Name, value.Number() is { } scale && scale != 1),
        "num_beam_groups" => Refuse(config, value.Name, value.Int() > 1),
        "dola_layers" or "constraints" or "force_words_ids" or "watermarking_config" => Refuse(config, value.Name, !value.IsNull),
        "token_healing" or "use_mtp" => Refuse(config, value.Name, value.Flag()),
        _ => SetSpeech(config.Speech, value) is { } speech ? config with { Speech = speech } : null,
    };

    private static SpeechSettings? SetSpeech(SpeechSettings speech, Setting value) => value.Name switch
    {
        "is_multilingual" => speech with { IsMultilingual = value.Flag() },
        "lang_to_id" => speech with { LangToId = value.Ids() },
        "task_to_id" => speech with { TaskToId = value.Ids() },
        "no_timestamps_token_id" => speech with { NoTimestampsTokenId = value.Int() },
        "prev_sot_token_id" => speech with { PrevSotTokenId = value.Int() },
        "max_initial_timestamp_index" => speech with { MaxInitialTimestampIndex = value.Int() },
        "alignment_heads" => speech with { AlignmentHeads = value.IntLists() ?? [] },
        "return_timestamps" => speech with { ReturnTimestamps = value.Flag() },
        "task" => speech with { Task = value.Text() },
        "language" => speech with { Language = value.Texts() },
        "prompt_ids" => speech with { PromptIds = value.Ints() ?? [] },
        "condition_on_prev_tokens" => speech with { ConditionOnPrevTokens = value.Flag() },
        _ => null,
    };

    private static GenerationConfig Refuse(GenerationConfig config, string feature, bool isAskedFor)
    {
        var others = config.Refused.Where(name => name != feature);
        return config with { Refused = isAskedFor ? [.. others, feature] : [.. others] };
    }

    // Arguments that change the speed of the original or what it hands back besides the tokens, and never the tokens.
    private static bool IsWithoutEffect(string name) => name is "use_cache" or "cache_implementation" or "cache_config"
        or "max_cache_len" or "return_legacy_cache" or "prefill_chunk_size" or "low_memory" or "compile_config" or "disable_compile"
        or "output_attentions" or "output_hidden_states" or "output_scores" or "output_logits" or "return_dict_in_generate"
        or "prompt_lookup_num_tokens" or "max_matching_ngram_size" or "num_assistant_tokens" or "num_assistant_tokens_schedule"
        or "assistant_confidence_threshold" or "assistant_early_exit" or "assistant_lookbehind" or "target_lookbehind" or "is_assistant"
        or "diversity_penalty" or "transformers_version" or "_from_model_config" or "_commit_hash";

    /// <summary>One field, read as the type that is expected; a null is null, or the type's neutral value.</summary>
    private readonly record struct Setting(string Source, string Name, JsonElement Value)
    {
        public bool IsNull => Value.ValueKind == JsonValueKind.Null;

        public int? Int() => IsNull ? null : Int(Value);

        public double? Number() => IsNull ? null : Number(Value);

        public bool Flag() => Value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            _ => throw Wrong("true or false"),
        };

        public string? Text() => IsNull ? null : Text(Value);

        public string[] Texts() => Value.ValueKind == JsonValueKind.String ? [Text(Value)] : IsNull ? [] : Elements(Value, "a text or texts", Text);

        public int[]? Ints() => IsNull ? null : Elements(Value, "a list of token ids", Int);

        public int[]? IntOrInts() => Value.ValueKind == JsonValueKind.Number ? [Int(Value)] : Ints();

        public int[][]? IntLists()
        {
            const string expected = "a list of lists of integers";
            var self = this;
            return IsNull ? null : Elements(Value, expected, list => self.Elements(list, expected, self.Int));
        }

        public TimeSpan? Seconds() => Number() is { } seconds
            ? Math.Abs(seconds) < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(seconds) : throw Wrong("a number of seconds")
            : null;

        public EarlyStopping EarlyStopping() => Value.ValueKind switch
        {
            JsonValueKind.True => Generation.EarlyStopping.True,
            JsonValueKind.False or JsonValueKind.Null => Generation.EarlyStopping.False,
            JsonValueKind.String when Value.ValueEquals("never"u8) => Generation.EarlyStopping.Never,
            _ => throw Wrong("true, false or \"never\""),
        };

        public ExponentialDecay? Decay()
        {
            if (IsNull)
                return null;
            return Value.ValueKind == JsonValueKind.Array && Value.GetArrayLength() == 2
                ? new ExponentialDecay(Int(Value[0]), Number(Value[1])) : throw Wrong("[start, factor]");
        }

        public SequenceBias[]? SequenceBias()
        {
            const string expected = "a list of [tokens, bias]";
            var self = this;
            return IsNull ? null : Elements(Value, expected, pair => pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2
                ? new SequenceBias(self.Elements(pair[0], expected, self.Int), (float)self.Number(pair[1])) : throw self.Wrong(expected));
        }

        public Dictionary<string, int> Ids()
        {
            if (Value.ValueKind != JsonValueKind.Object)
                throw Wrong("an object of names and token ids");
            var ids = new Dictionary<string, int>();
            foreach (var entry in Value.EnumerateObject())
                ids[entry.Name] = Int(entry.Value);
            return ids;
        }

        public InvalidGenerationConfigException Invalid(string problem) => new(Source, $"'{Name}' is {Shorten(Value.GetRawText())}: {problem}");

        private InvalidGenerationConfigException Wrong(string expected) => Invalid($"{expected} was expected");

        private int Int(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number : throw Wrong("an integer of 32 bits");

        private double Number(JsonElement value) =>
            value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number)
                ? number : throw Wrong("a number");

        private string Text(JsonElement value) => value.ValueKind == JsonValueKind.String
            ? value.GetString()! : throw Wrong("a text"); // a string is not null

        private T[] Elements<T>(JsonElement list, string expected, Func<JsonElement, T> read)
        {
            if (list.ValueKind != JsonValueKind.Array)
                throw Wrong(expected);
            var elements = new T[list.GetArrayLength()];
            var count = 0;
            foreach (var element in list.EnumerateArray())
                elements[count++] = read(element);
            return elements;
        }

        private static string Shorten(string text) => text.Length <= 60 ? text : text[..57] + "...";
    }
}
