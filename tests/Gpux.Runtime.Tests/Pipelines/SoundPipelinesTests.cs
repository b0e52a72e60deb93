using System.Text.Json;
using Gpux.Runtime.Audio;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tests.Sessions;

namespace Gpux.Runtime.Tests.Pipelines;

/// <summary>Pipelines of a model whose samples are its logits, four of them a frame: &lt;pad&gt;, |, A and B.</summary>
public sealed class SoundPipelinesTests
{
    private const int SamplesPerFrame = 4;

    [Theory]
    [InlineData("AA-A|B", """{}""", """{"text":"AA B"}""")]
    [InlineData("-AAB|-B", """{"return_timestamps":"char"}""",
        """{"text":"AB B","chunks":[{"text":"A","timestamp":[0.004,0.012]},{"text":"B","timestamp":[0.012,0.016]},{"text":" ","timestamp":[0.016,0.02]},{"text":"B","timestamp":[0.024,0.028]}]}""")]
    [InlineData("|AAB|-B", """{"return_timestamps":"word"}""", """{"text":"AB B","chunks":[{"text":"AB","timestamp":[0.004,0.016]},{"text":"B","timestamp":[0.024,0.028]}]}""")]
    [InlineData("----", """{"return_timestamps":"word"}""", """{"text":"","chunks":[]}""")]
    [InlineData("AB|BBA-A|AAB-", """{"chunk_length_s":0.024,"stride_length_s":[0.008,0.004]}""", """{"text":"AB BAA AB"}""")]
    [InlineData("AB|BBA-A|AAB-", """{"chunk_length_s":0.024,"return_timestamps":"word"}""",
        """{"text":"AB BAA AB","chunks":[{"text":"AB","timestamp":[0.0,0.008]},{"text":"BAA","timestamp":[0.012,0.032]},{"text":"AB","timestamp":[0.036,0.048]}]}""")]
    public void Frames_become_text_with_times(string frames, string arguments, string expected)
    {
        using var model = Speller();
        Assert.Equal(expected, LookupModel.Written(Run(model, "automatic-speech-recognition", Spelled(frames), arguments)));
    }

    [Theory]
    [InlineData("""{"chunk_length_s":-1}"""), InlineData("""{"chunk_length_s":"long"}"""), InlineData("""{"chunk_length_s":1,"stride_length_s":0.5}""")]
    [InlineData("""{"chunk_length_s":1,"stride_length_s":[1,2,3]}"""), InlineData("""{"return_timestamps":"line"}"""), InlineData("""{"top_k":1}""")]
    public void Arguments_without_sense_are_refused(string arguments)
    {
        using var model = Speller();
        Assert.Throws<PipelineArgumentException>(() => Run(model, "automatic-speech-recognition", Spelled("AB"), arguments));
    }

    [Fact]
    public void Model_without_strides_tells_no_times()
    {
        using var model = Speller(config: "{}");
        Assert.Equal("AB", ((Transcript)Run(model, "automatic-speech-recognition", Spelled("AB"), "{}")).Text);
        Assert.Throws<PipelineArgumentException>(() => Run(model, "automatic-speech-recognition", Spelled("AB"), """{"return_timestamps":"char"}"""));
    }

    [Theory]
    [InlineData("""{"model_type": "hubert"}""", 0.32)] // 320 samples a frame, at 1000 Hz
    [InlineData("""{"model_type": "wav2vec2-bert"}""", 0.32)]
    [InlineData("""{"model_type": "wav2vec2-bert", "feature_projection_input_dim": 40, "add_adapter": true}""", 0.16)]
    public void Strides_that_are_left_out_are_the_usual_ones(string config, double end)
    {
        using var model = Speller(config);
        Assert.Equal(end, Assert.Single(((Transcript)Run(model, "automatic-speech-recognition", Spelled("A"), """{"return_timestamps":"char"}""")).Chunks!).EndSeconds); // asked for
    }

    [Fact]
    public void Sides_of_a_part_are_an_exact_sixth_of_it()
    {
        // A little more than 4.5 frames in double precision; times a rounded 1/6 it would be 4.5, and so 4.
        Assert.Equal(5 * 320, SpeechChunks.Read(LookupModel.Arguments("""{"chunk_length_s": 0.54}"""), 16_000, 320)!.Left); // asked for
    }

    [Fact]
    public void Word_pieces_are_read_without_blanks_and_repetitions()
    {
        using var model = new SoundModel("batch", "frames", [1, -1, SamplesPerFrame], "{}", ("tokenizer.json", """
            {"version": "1.0", "added_tokens": [{"id": 0, "content": "<pad>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false}],
             "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
             "model": {"type": "WordLevel", "vocab": {"<pad>": 0, "▁a": 1, "b": 2, "▁c": 3}, "unk_token": "<pad>"}}
            """), ("tokenizer_config.json", """{"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "<pad>"}"""));
        Assert.Equal("ab c c", ((Transcript)Run(model, "automatic-speech-recognition", Spelled("||-AAB-B"), "{}")).Text);
        Assert.Throws<PipelineArgumentException>(() => Run(model, "automatic-speech-recognition", Spelled("AB"), """{"return_timestamps":"char"}"""));
    }

    [Fact]
    public void Long_sound_is_heard_in_parts_and_said_so()
    {
        const int Words = 38_000;
        using var model = Speller();
        var frames = string.Concat(Enumerable.Repeat("AB|-", Words)); // more than ten minutes
        var transcript = (Transcript)Run(model, "automatic-speech-recognition", Spelled(frames), "{}");
        Assert.Equal(string.Join(' ', Enumerable.Repeat("AB", Words)), transcript.Text);
        Assert.Contains("parts of 30 seconds", Assert.Single(transcript.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_come_all_unless_fewer_are_asked_for()
    {
        using var model = Classifier();
        var sound = Sound([1, 3, 2]);
        Assert.Equal(["b", "c", "a"], Labels(Run(model, "audio-classification", sound, "{}")));
        Assert.Equal(["b"], Labels(Run(model, "audio-classification", sound, """{"top_k":1}""")));
        Assert.Equal("""[{"score":3,"label":"b"},{"score":2,"label":"c"},{"score":1,"label":"a"}]""",
            LookupModel.Written(Run(model, "audio-classification", sound, """{"function_to_apply":"none"}""")));
        Assert.Equal(1, ((SoundLabels)Run(model, "audio-classification", sound, "{}")).Labels.Sum(label => label.Score), 1e-6f);
    }

    [Fact]
    public void Labels_of_the_caller_are_ranked_by_how_well_their_texts_fit()
    {
        using var model = LookupModel.OfTexts(token => [token == "paris" ? 2 : token == "bob" ? 1 : 0], output: "logits_per_audio",
            files: ("preprocessor_config.json", """{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 1000}"""));
        SoundLabels Ranked(string arguments) => (SoundLabels)model.Run("zero-shot-audio-classification", Sound([1, 2]), arguments);
        var labels = Ranked("""{"candidate_labels": "bob, paris, alice and bob", "hypothesis_template": "{}."}""").Labels;
        Assert.Equal(["paris", "bob", "alice and bob"], labels.Select(label => label.Label));
        Assert.Equal(Math.Exp(2) / (Math.Exp(2) + 2 * Math.Exp(1)), labels[0].Score, 1e-6);
        Assert.Throws<PipelineArgumentException>(() => Ranked("{}"));
        Assert.Throws<PipelineArgumentException>(() => Ranked("""{"candidate_labels": ["bob"], "hypothesis_template": "someone"}"""));
    }

    [Fact]
    public void Features_of_a_sound_are_the_models_output()
    {
        using var model = Classifier();
        Assert.Equal([1, 3, 2], ((Features)Run(model, "feature-extraction", Sound([1, 3, 2]), "{}")).Values.AsSpan<float>());
    }

    [Fact]
    public void Text_is_no_sound()
    {
        using var model = Classifier();
        Assert.Throws<PipelineInputException>(() => Run(model, "audio-classification", PipelineInput.Of("hello"), "{}"));
        Assert.True(SoundInputs.Has(PipelineCatalog.Create("feature-extraction", model.Model)));
    }

    [Fact]
    public void Raw_samples_are_an_input()
    {
        var sound = PipelineInput.Parse(JsonDocument.Parse("""{"raw": [0.5, -1], "sampling_rate": 8000}""").RootElement).Sound!;
        Assert.Equal([0.5f, -1], sound.Samples);
        Assert.Equal(8000, sound.SampleRate);
    }

    [Theory]
    [InlineData("""{"raw": [], "sampling_rate": 8000}"""), InlineData("""{"raw": [1]}"""), InlineData("""{"raw": [1], "sampling_rate": 0}""")]
    [InlineData("""{"raw": [1e99], "sampling_rate": 8000}"""), InlineData("""{"raw": "AAAA", "sampling_rate": 8000}"""), InlineData("""{"raw": ["1"], "sampling_rate": 8000}""")]
    [InlineData("""{"raw": [1], "sampling_rate": "8000"}""")]
    public void Raw_samples_that_are_none_are_refused(string json) =>
        Assert.Throws<PipelineInputException>(() => PipelineInput.Parse(JsonDocument.Parse(json).RootElement));

    private static PipelineResult Run(SoundModel model, string task, PipelineInput input, string arguments) =>
        PipelineCatalog.Create(task, model.Model).Run(input, LookupModel.Arguments(arguments), CancellationToken.None);

    private static IEnumerable<string> Labels(PipelineResult result) => ((SoundLabels)result).Labels.Select(label => label.Label);

    private static PipelineInput Sound(float[] samples) => new() { Sound = Waveform.FromSamples(samples, SoundModel.Rate) };

    private static PipelineInput Spelled(string frames)
    {
        var samples = new float[frames.Length * SamplesPerFrame];
        for (var i = 0; i < frames.Length; i++)
            samples[i * SamplesPerFrame + "-|AB".IndexOf(frames[i], StringComparison.Ordinal)] = 1;
        return Sound(samples);
    }

    private static SoundModel Speller(string config = """{"conv_stride": [2, 2]}""") => new("batch", "frames", [1, -1, SamplesPerFrame], config,
        ("vocab.json", """{"<pad>": 0, "|": 1, "A": 2, "B": 3}"""),
        ("tokenizer_config.json", """{"tokenizer_class": "Wav2Vec2CTCTokenizer", "pad_token": "<pad>", "unk_token": "<unk>", "word_delimiter_token": "|"}"""));

    private static SoundModel Classifier() => new("batch", null, [1, -1], """{"id2label": {"0": "a", "1": "b", "2": "c"}}""");

    /// <summary>Its logits are its samples in another shape.</summary>
    private sealed class SoundModel : IDisposable
    {
        /// <summary>Low, so that frames are long, and yet one that feature extractors take.</summary>
        public const int Rate = 1000;

        private readonly string _folder = Directory.CreateTempSubdirectory("gpux-sounds-").FullName;

        public SoundModel(string batch, string? frames, long[] shape, string config, params (string Name, string Text)[] files)
        {
            File.WriteAllText(Path.Combine(_folder, "config.json"), config);
            File.WriteAllText(Path.Combine(_folder, "preprocessor_config.json"),
                $$"""{"feature_extractor_type": "Wav2Vec2FeatureExtractor", "do_normalize": false, "sampling_rate": {{Rate}}}""");
            foreach (var (name, text) in files)
                File.WriteAllText(Path.Combine(_folder, name), text);
            object[] dimensions = frames is null ? [batch, "classes"] : [batch, frames, SamplesPerFrame];
            Model = new PipelineModel("sounds", ModelFiles.InFolder(_folder), InferenceSession.Open(TestModel.Of(
                [TestModel.Node("Reshape", ["input_values", "shape"], ["logits"])], [TestModel.Value("input_values", ElementType.Float32, "batch", "samples")],
                [TestModel.Value("logits", ElementType.Float32, dimensions)], [TestModel.Initializer("shape", Tensor.Of<long>(shape, new Shape(shape.Length)))])));
        }

        public PipelineModel Model { get; }

        public void Dispose()
        {
            Model.Dispose();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
