using Gpux.Runtime.Audio;

namespace Gpux.Runtime.Tests.Audio;

public sealed class FeatureExtractorTests
{
    private const string Wav2Vec2 = """{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 16000, "return_attention_mask": true}""";

    [Fact]
    public void Every_type_loads_with_its_defaults_and_gives_numbers()
    {
        foreach (var type in FeatureExtractor.SupportedTypes)
        {
            var extractor = Load($$"""{"feature_extractor_type": "{{type}}"}""");
            Assert.Equal(type, extractor.Type);
            foreach (var tensor in extractor.Extract([Noise(20_000)]).Tensors.Values.Where(tensor => tensor.ElementType == ElementType.Float32))
                foreach (var value in tensor.AsSpan<float>())
                    Assert.True(float.IsFinite(value), type);
        }
    }

    [Fact]
    public void Extractor_may_be_nested_in_the_processor_of_all_inputs()
    {
        using var repository = new MadeRepository(("processor_config.json", $$"""{"feature_extractor": {{Wav2Vec2}}}"""),
            ("preprocessor_config.json", """{"feature_extractor_type": "WhisperFeatureExtractor"}"""));
        Assert.Equal("Wav2Vec2FeatureExtractor", FeatureExtractor.Load(repository.File).Type);
        Assert.True(FeatureExtractor.IsDescribed(repository.File));
    }

    [Fact]
    public void Type_of_model_decides_where_the_file_names_none()
    {
        using var repository = new MadeRepository(("preprocessor_config.json", """{"sampling_rate": 16000}"""), ("config.json", """{"model_type": "hubert"}"""));
        Assert.Equal("Wav2Vec2FeatureExtractor", FeatureExtractor.Load(repository.File).Type);
    }

    [Fact]
    public void Old_processor_of_images_is_none_of_sounds()
    {
        using var repository = new MadeRepository(("preprocessor_config.json", """{"feature_extractor_type": "ViTFeatureExtractor"}"""));
        Assert.False(FeatureExtractor.IsDescribed(repository.File));
        using var nothing = new MadeRepository();
        Assert.False(FeatureExtractor.IsDescribed(nothing.File));
        Assert.Throws<InvalidFeatureExtractorException>(() => FeatureExtractor.Load(nothing.File));
    }

    [Fact]
    public void Extractor_that_is_not_there_is_refused_by_name()
    {
        var error = Assert.Throws<UnsupportedFeatureExtractorException>(() => Load("""{"feature_extractor_type": "Pop2PianoFeatureExtractor"}"""));
        Assert.Equal("Pop2PianoFeatureExtractor", error.ExtractorType);
        Assert.Throws<UnsupportedFeatureExtractorException>(() => Load("""{"feature_extractor_type": "EncodecFeatureExtractor", "feature_size": 2}"""));
    }

    [Theory]
    [InlineData("[]"), InlineData("{"), InlineData("{}"), InlineData("""{"feature_extractor_type": 7}""")]
    [InlineData("""{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 0}""")]
    [InlineData("""{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "padding_side": "top"}""")]
    [InlineData("""{"feature_extractor_type": "WhisperFeatureExtractor", "n_fft": 401}""")]
    [InlineData("""{"feature_extractor_type": "WhisperFeatureExtractor", "n_fft": 100000000}""")]
    [InlineData("""{"feature_extractor_type": "WhisperFeatureExtractor", "hop_length": 0}""")]
    [InlineData("""{"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": -1}""")]
    [InlineData("""{"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 1e9}""")]
    [InlineData("""{"feature_extractor_type": "ASTFeatureExtractor", "std": 0}""")]
    [InlineData("""{"feature_extractor_type": "ClapFeatureExtractor", "truncation": "none"}""")]
    [InlineData("""{"feature_extractor_type": "ClapFeatureExtractor", "frequency_max": -5}""")]
    [InlineData("""{"feature_extractor_type": "ParakeetFeatureExtractor", "win_length": 600}""")]
    [InlineData("""{"feature_extractor_type": "ClvpFeatureExtractor", "mel_norms": [1, 2]}""")]
    [InlineData("""{"feature_extractor_type": "EncodecFeatureExtractor", "chunk_length_s": 1, "overlap": 1}""")]
    [InlineData("""{"feature_extractor_type": "SeamlessM4TFeatureExtractor", "stride": 0}""")]
    [InlineData("""{"feature_extractor_type": "\ud800"}""")]
    public void Malformed_file_is_refused(string content) => Assert.Throws<InvalidFeatureExtractorException>(() => Load(content));

    [Fact]
    public void Settings_that_would_need_too_much_memory_are_refused_before_it_is_taken()
    {
        Assert.Throws<UnfitAudioException>(() => Load("""{"feature_extractor_type": "WhisperFeatureExtractor", "hop_length": 1, "chunk_length": 4000}""").Extract([Noise(800)]));
        Assert.Throws<UnfitAudioException>(() => Load("""{"feature_extractor_type": "ASTFeatureExtractor", "max_length": 60000000}""").Extract([Noise(800)]));
        Assert.Throws<UnfitAudioException>(() => Load("""{"feature_extractor_type": "DacFeatureExtractor", "hop_length": 60000000}""").Extract(Enumerable.Repeat(Noise(800), 64).ToArray()));
    }

    [Theory]
    [InlineData("ASTFeatureExtractor"), InlineData("Speech2TextFeatureExtractor"), InlineData("SeamlessM4TFeatureExtractor"), InlineData("ParakeetFeatureExtractor")]
    public void Sound_too_short_for_frames_is_refused(string type) =>
        Assert.Throws<UnfitAudioException>(() => Load($$"""{"feature_extractor_type": "{{type}}"}""").Extract([Noise(160)]));

    [Theory]
    [InlineData("Speech2TextFeatureExtractor"), InlineData("SeamlessM4TFeatureExtractor"), InlineData("ParakeetFeatureExtractor"), InlineData("Wav2Vec2FeatureExtractor")]
    public void Batch_holds_each_sound_as_if_alone(string type)
    {
        var extractor = Load($$"""{"feature_extractor_type": "{{type}}", "return_attention_mask": true}""");
        Waveform[] sounds = [Noise(9_600, 1), Noise(4_800, 2)];
        var batch = extractor.Extract(sounds);
        var (values, mask) = (batch.Tensors.First().Value, batch["attention_mask"]);
        for (var row = 0; row < sounds.Length; row++)
        {
            var alone = extractor.Extract([sounds[row]]);
            var own = (int)alone["attention_mask"].AsSpan<long>().ToArray().Sum();
            Assert.Equal(own, mask.AsSpan<long>().Slice(row * (int)mask.Shape[1], (int)mask.Shape[1]).ToArray().Sum());
            var width = (int)(values.Shape.ElementCount / mask.Shape.ElementCount);
            var expected = alone.Tensors.First().Value.AsSpan<float>()[..(own * width)];
            var actual = values.AsSpan<float>().Slice(row * (int)mask.Shape[1] * width, own * width);
            for (var i = 0; i < own * width; i++)
                Assert.Equal(expected[i], actual[i], 1e-4f);
        }
    }

    [Fact]
    public void Normalised_samples_have_mean_zero_and_variance_one_where_the_sound_is()
    {
        var batch = Load(Wav2Vec2).Extract([Noise(1000), Noise(600)]);
        Assert.Equal(["input_values", "attention_mask"], batch.Tensors.Keys);
        var second = batch["input_values"].AsSpan<float>()[1000..].ToArray();
        Assert.Equal(0, second[..600].Average(), 1e-5f);
        Assert.Equal(1, second[..600].Average(value => value * value), 1e-3f);
        Assert.All(second[600..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Without_a_mask_the_padding_counts_for_the_mean()
    {
        var batch = Load("""{"feature_extractor_type": "Wav2Vec2FeatureExtractor"}""").Extract([Noise(1000), Constant(0.5f, 500)]);
        Assert.Equal(["input_values"], batch.Tensors.Keys);
        Assert.Equal([1f, -1f], [batch["input_values"].AsSpan<float>()[1000], batch["input_values"].AsSpan<float>()[1999]], (one, other) => Math.Abs(one - other) < 1e-4f);
    }

    [Fact]
    public void Padding_may_lie_before_the_sound()
    {
        var batch = Load("""{"feature_extractor_type": "EncodecFeatureExtractor", "padding_side": "left"}""").Extract([Constant(0.5f, 3, 24_000), Constant(0.25f, 1, 24_000)]);
        Assert.Equal([0.5f, 0.5f, 0.5f, 0, 0, 0.25f], batch["input_values"].AsSpan<float>());
        Assert.Equal([1, 1, 1, 0, 0, 1], batch["padding_mask"].AsSpan<long>());
        Assert.Equal(new Shape(2, 1, 3), batch["input_values"].Shape);
    }

    [Fact]
    public void Sound_of_another_rate_is_converted() => Assert.Equal(new Shape(1, 16_000),
        Load(Wav2Vec2).Extract([Waveform.FromSamples(TestSounds.Noise(44_100), 44_100)])["input_values"].Shape);

    [Fact]
    public void Codecs_take_whole_hops_and_chunks()
    {
        Assert.Equal(new Shape(1, 1, 1024), Load("""{"feature_extractor_type": "DacFeatureExtractor"}""").Extract([Noise(513)])["input_values"].Shape);
        // Chunks of 1000 samples every 900: two of them hold 1001.
        var chunks = Load("""{"feature_extractor_type": "EncodecFeatureExtractor", "sampling_rate": 10000, "chunk_length_s": 0.1, "overlap": 0.1}""");
        Assert.Equal(new Shape(1, 1, 1900), chunks.Extract([Waveform.FromSamples(TestSounds.Noise(1001), 10_000)])["input_values"].Shape);
    }

    [Fact]
    public void Long_sound_is_fused_of_three_parts_and_the_whole()
    {
        var extractor = Load("""{"feature_extractor_type": "ClapFeatureExtractor", "sampling_rate": 16000, "max_length_s": 1, "frequency_max": 8000}""");
        var sound = Noise(40_000);
        var fused = extractor.Extract([sound]);
        Assert.Equal(new Shape(1, 4, 34, 64), fused["input_features"].Shape);
        Assert.Equal(1, fused["is_longer"].Bytes[0]);
        Assert.False(fused.WasCut);
        Assert.Equal(fused["input_features"].AsSpan<float>(), extractor.Extract([sound])["input_features"].AsSpan<float>());
        // A part begins at a whole frame, so that its inner frames are those of the samples alone: the middle of the first of 51 places / 3.
        var part = extractor.Extract([sound.Slice(8 * 480, 16_000)])["input_features"].AsSpan<float>()[..(34 * 64)];
        for (var i = 3 * 64; i < 30 * 64; i++)
            Assert.Equal(part[i], fused["input_features"].AsSpan<float>()[34 * 64 + i], 1e-3f);
    }

    [Fact]
    public void Sound_beyond_what_the_model_takes_is_cut_and_said_so()
    {
        var extractor = Load("""{"feature_extractor_type": "WhisperFeatureExtractor", "chunk_length": 1}""");
        var sound = Noise(20_000);
        var cut = extractor.Extract([sound]);
        Assert.True(cut.WasCut);
        Assert.Equal(extractor.Extract([sound.Slice(0, 16_000)])["input_features"].AsSpan<float>(), cut["input_features"].AsSpan<float>());
        Assert.Equal(new Shape(1, 80, 100), cut["input_features"].Shape);
    }

    [Fact]
    public void Silence_is_no_division_by_zero()
    {
        foreach (var type in FeatureExtractor.SupportedTypes)
            foreach (var tensor in Load($$"""{"feature_extractor_type": "{{type}}"}""").Extract([Constant(0, 30_000)]).Tensors.Values.Where(tensor => tensor.ElementType == ElementType.Float32))
                Assert.All(tensor.AsSpan<float>().ToArray(), value => Assert.True(float.IsFinite(value), type));
    }

    private static FeatureExtractor Load(string content)
    {
        using var repository = new MadeRepository(("preprocessor_config.json", content));
        return FeatureExtractor.Load(repository.File);
    }

    private static Waveform Noise(int count, int seed = 7) => Waveform.FromSamples(TestSounds.Noise(count, seed), 16_000);

    private static Waveform Constant(float value, int count, int rate = 16_000) => Waveform.FromSamples(Enumerable.Repeat(value, count).ToArray(), rate);
}
