using System.Text;
using System.Text.Json;
using Gpux.Runtime.Generation;
using Xunit.Abstractions;

namespace Gpux.Runtime.Tests.Generation;

public sealed class GenerationConfigTests(ITestOutputHelper output)
{
    [Fact]
    public void Defaults_are_the_librarys()
    {
        var config = Load();
        Assert.Equal(50, config.TopK);
        Assert.Equal(1, config.Temperature);
        Assert.False(config.DoSample);
        Assert.Equal(new LengthLimits(5, 25, 0), LengthLimits.Of(config, 5));
    }

    [Fact]
    public void Arguments_beat_the_file_and_the_file_beats_the_defaults()
    {
        var config = Load(generation: """{"top_k": 20, "top_p": 0.8, "eos_token_id": [29, 38], "do_sample": true}""").With(Json("""{"top_k": 5}"""));
        Assert.Equal(5, config.TopK);
        Assert.Equal(0.8, config.TopP);
        Assert.Equal([29, 38], config.EosTokenId);
        Assert.True(config.DoSample);
    }

    [Fact]
    public void Null_means_unchosen_in_a_file_and_off_in_arguments()
    {
        Assert.Equal(50, Load(generation: """{"top_k": null}""").TopK);
        Assert.Null(Load(generation: """{"top_k": 20}""").With(Json("""{"top_k": null}""")).TopK);
    }

    [Fact]
    public void Older_fields_of_config_json_count_only_without_generation_config_json()
    {
        const string model = """{"model_type": "bart", "num_beams": 4, "eos_token_id": 2, "max_position_embeddings": 12, "time_step_limit": [0.0, Infinity]}""";
        Assert.Equal(4, Load(model: model).NumBeams);
        Assert.Equal(1, Load(generation: "{}", model: model).NumBeams);
        Assert.Empty(Load(generation: "{}", model: model).EosTokenId);
        Assert.Equal(12, Load(generation: "{}", model: model).MaxPositionEmbeddings);
    }

    [Fact]
    public void Older_fields_of_a_decoder_fill_what_the_outer_object_leaves_out()
    {
        var config = Load(model: """{"eos_token_id": 1, "pad_token_id": null, "decoder": {"eos_token_id": 9, "pad_token_id": 3, "bos_token_id": 4}, "text_config": {"num_beams": 2}}""");
        Assert.Equal([1], config.EosTokenId);
        Assert.Equal(3, config.PadTokenId);
        Assert.Equal(4, config.BosTokenId);
        Assert.Equal(1, config.NumBeams);
    }

    [Fact]
    public void First_bart_forces_its_beginning() =>
        Assert.Equal(7, Load(model: """{"force_bos_token_to_be_generated": true, "bos_token_id": 7}""").ForcedBosTokenId);

    [Fact]
    public void Fields_of_whisper_are_read_unless_the_file_was_made_from_a_config()
    {
        const string fields = """ "lang_to_id": {"<|en|>": 102}, "no_timestamps_token_id": 111, "alignment_heads": [[1, 0], [1, 2]], "forced_decoder_ids": [[1, null]]""";
        var speech = Load(generation: $$"""{{{fields}}}""").With(Json("""{"language": ["<|fr|>", "es"], "task": "translate", "prompt_ids": [1, 2]}""")).Speech;
        Assert.Equal(102, speech.LangToId["<|en|>"]);
        Assert.Equal(111, speech.NoTimestampsTokenId);
        Assert.Equal([[1, 0], [1, 2]], speech.AlignmentHeads);
        Assert.Equal(["<|fr|>", "es"], speech.Language);
        Assert.Equal("translate", speech.Task);
        Assert.Null(Load(generation: $$"""{"_from_model_config": true, {{fields}}}""").Speech.NoTimestampsTokenId);
    }

    [Theory]
    [InlineData("""{"max_new_tokens": 7, "max_length": 9}""", 12, 0)]
    [InlineData("""{"max_length": 9}""", 9, 0)]
    [InlineData("""{"max_length": 9, "min_length": 6}""", 9, 6)]
    [InlineData("""{"min_length": 6, "min_new_tokens": 2}""", 25, 7)]
    [InlineData("""{"max_new_tokens": 2147483647}""", int.MaxValue, 0)]
    public void Lengths_count_the_prompt_unless_they_are_of_new_tokens(string arguments, int longest, int shortest) =>
        Assert.Equal(new LengthLimits(5, longest, shortest), LengthLimits.Of(new GenerationConfig().With(Json(arguments)), 5));

    [Fact]
    public void Default_length_ends_with_the_models_positions_and_every_length_with_its_capacity()
    {
        Assert.Equal(12, LengthLimits.Of(new GenerationConfig { MaxPositionEmbeddings = 12 }, 5).MaxLength);
        Assert.Equal(30, LengthLimits.Of(new GenerationConfig { MaxPositionEmbeddings = 12, MaxLength = 30 }, 5).MaxLength);
        // The last token is not read again.
        Assert.Equal(13, LengthLimits.Of(new GenerationConfig { MaxNewTokens = 90 }, 5, capacity: 12).MaxLength);
    }

    [Fact]
    public void Prompt_that_fills_the_length_is_refused()
    {
        Assert.Throws<PromptTooLongException>(() => LengthLimits.Of(new GenerationConfig { MaxLength = 5 }, 5));
        Assert.Throws<PromptTooLongException>(() => LengthLimits.Of(new GenerationConfig { MaxNewTokens = 5 }, 6, capacity: 5));
        Assert.Equal(6, LengthLimits.Of(new GenerationConfig { MaxNewTokens = 5 }, 5, capacity: 5).MaxLength);
    }

    [Theory]
    [InlineData("max_new_tokens", "\"ten\"")]
    [InlineData("max_new_tokens", "20.5")]
    [InlineData("max_length", "99999999999")]
    [InlineData("do_sample", "1")]
    [InlineData("temperature", "\"hot\"")]
    [InlineData("temperature", "1e999")]
    [InlineData("early_stopping", "\"always\"")]
    [InlineData("eos_token_id", "[1, \"2\"]")]
    [InlineData("bad_words_ids", "[1, 2]")]
    [InlineData("sequence_bias", "{\"(1, 2)\": 0.5}")]
    [InlineData("exponential_decay_length_penalty", "[1]")]
    [InlineData("stop_strings", "[3]")]
    [InlineData("stop_strings", "\"\\ud800\"")]
    [InlineData("max_time", "1e30")]
    [InlineData("lang_to_id", "[1]")]
    public void Wrong_type_is_refused_by_name(string field, string value)
    {
        var error = Assert.Throws<InvalidGenerationConfigException>(() => GenerationConfig.Parse(Encoding.UTF8.GetBytes($$"""{"{{field}}": {{value}}}""")));
        Assert.Contains(value.Contains("ud800", StringComparison.Ordinal) ? "generation_config.json" : $"'{field}'", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.InvalidGenerationConfig, error.Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"top_k\":")]
    public void File_that_is_no_object_is_refused(string json) =>
        Assert.Throws<InvalidGenerationConfigException>(() => GenerationConfig.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Unknown_names_are_ignored_in_files_and_refused_in_arguments()
    {
        Assert.Equal(new GenerationConfig().TopK, GenerationConfig.Parse("""{"chat_format": "chatml", "topk": 3}"""u8.ToArray()).TopK);
        var error = Assert.Throws<InvalidGenerationConfigException>(() => new GenerationConfig().With(Json("""{"topk": 3}""")));
        Assert.Contains("'topk'", error.Message, StringComparison.Ordinal);
        var config = new GenerationConfig();
        Assert.Equal(config, config.With(Json("""{"use_cache": false, "output_scores": true}""")));
    }

    [Theory]
    [InlineData("""{"max_new_tokens": 0}""")]
    [InlineData("""{"num_beams": 0}""")]
    [InlineData("""{"num_beams": 2000000000}""")]
    [InlineData("""{"num_return_sequences": 2}""")]
    [InlineData("""{"num_beams": 2, "num_return_sequences": 3}""")]
    [InlineData("""{"do_sample": true, "temperature": 0.0}""")]
    [InlineData("""{"do_sample": true, "top_k": -1}""")]
    [InlineData("""{"do_sample": true, "top_p": -0.1}""")]
    [InlineData("""{"do_sample": true, "min_p": 1.1}""")]
    [InlineData("""{"do_sample": true, "top_h": 0}""")]
    [InlineData("""{"do_sample": true, "typical_p": 0}""")]
    [InlineData("""{"repetition_penalty": 0}""")]
    [InlineData("""{"bad_words_ids": []}""")]
    [InlineData("""{"bad_words_ids": [[]]}""")]
    [InlineData("""{"sequence_bias": [[[], 1]]}""")]
    [InlineData("""{"stop_strings": [""]}""")]
    [InlineData("""{"suppress_tokens": [1, 2], "forced_eos_token_id": [2, 1]}""")]
    [InlineData("""{"suppress_tokens": [1], "forced_bos_token_id": 1}""")]
    public void Senseless_value_is_refused_when_generation_begins(string arguments) =>
        Assert.Throws<InvalidGenerationConfigException>(() => GenerationConfigCheck.Check(new GenerationConfig().With(Json(arguments))));

    [Theory]
    [InlineData("guidance_scale", "1.5")]
    [InlineData("num_beam_groups", "2")]
    [InlineData("penalty_alpha", "0.6")]
    [InlineData("dola_layers", "\"high\"")]
    [InlineData("constraints", "[]")]
    [InlineData("force_words_ids", "[[1]]")]
    [InlineData("watermarking_config", "{}")]
    [InlineData("token_healing", "true")]
    public void Way_of_generating_that_is_not_offered_is_refused_by_name_until_it_is_switched_off(string field, string value)
    {
        var config = GenerationConfig.Parse(Encoding.UTF8.GetBytes($$"""{"{{field}}": {{value}}}"""));
        var error = Assert.Throws<UnsupportedGenerationException>(() => GenerationConfigCheck.Check(config));
        Assert.Contains($"'{field}'", error.Message, StringComparison.Ordinal);
        GenerationConfigCheck.Check(config.With(Json($$"""{"{{field}}": null}""")));
    }

    [Fact]
    public void Decoder_starts_with_its_token_or_the_beginning_of_sequences()
    {
        Assert.Equal([4, 4], new GenerationConfig { DecoderStartTokenId = [4] }.DecoderStart(2).Ids.ToArray());
        Assert.Equal([4, 5], new GenerationConfig { DecoderStartTokenId = [4, 5] }.DecoderStart(2).Ids.ToArray());
        Assert.Equal([1], new GenerationConfig { BosTokenId = 1 }.DecoderStart(1).Ids.ToArray());
        Assert.Throws<InvalidGenerationConfigException>(() => new GenerationConfig().DecoderStart(1));
        Assert.Throws<InvalidGenerationConfigException>(() => new GenerationConfig { DecoderStartTokenId = [4, 5] }.DecoderStart(3));
    }

    [Fact]
    public void Every_setting_of_the_recorded_models_is_understood()
    {
        foreach (var name in RecordedCase.Names("models"))
        {
            var recorded = RecordedCase.Load("models", name);
            var config = GenerationConfig.Load(ModelFiles.InFolder(recorded.Repository));
            if (!recorded.Description.TryGetProperty("generation", out var generations))
                continue;
            foreach (var generation in generations.EnumerateArray())
                GenerationConfigCheck.Check(config.With(generation.GetProperty("arguments")));
        }
    }

    [Fact]
    public void Damaged_settings_give_typed_errors_only() => Fuzzing.TenThousand(output, "generation_config.json", Reader);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_settings_give_typed_errors_only() => Fuzzing.Million(output, "generation_config.json", Reader);

    private static Func<Chance, bool> Reader()
    {
        var damage = new Damage(
        [
            """{"max_length": 20, "eos_token_id": [1, 2], "early_stopping": "never", "sequence_bias": [[[1, 2], -4.0]], "top_p": 0.9, "stop_strings": ["a\u00e4"]}"""u8.ToArray(),
            """{"lang_to_id": {"<|en|>": 1}, "bad_words_ids": [[1], [2, 3]], "exponential_decay_length_penalty": [3, 1.4], "max_time": 2.5, "guidance_scale": NaN}"""u8.ToArray(),
            """{"forced_eos_token_id": 2, "suppress_tokens": [1], "num_beams": 4, "do_sample": true, "pad_token_id": null, "decoder": {"bos_token_id": -Infinity}}"""u8.ToArray(),
        ]);
        return chance =>
        {
            try
            {
                var config = GenerationConfig.Parse(damage.Next(chance).Bytes);
                GenerationConfigCheck.Check(config);
                new TokenGenerator(HistoryDecoder.Hashed(20, 1), config with { MaxNewTokens = 3 }, new GenerationOptions { Decode = _ => "" })
                    .Generate(TokenBatch.Of([1, 2]), CancellationToken.None);
                return true;
            }
            catch (GpuxException)
            {
                return false;
            }
        };
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private static GenerationConfig Load(string? generation = null, string? model = null)
    {
        var folder = Directory.CreateTempSubdirectory("gpux-generation-");
        try
        {
            if (generation is not null)
                File.WriteAllText(Path.Combine(folder.FullName, "generation_config.json"), generation);
            if (model is not null)
                File.WriteAllText(Path.Combine(folder.FullName, "config.json"), model);
            return GenerationConfig.Load(ModelFiles.InFolder(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
