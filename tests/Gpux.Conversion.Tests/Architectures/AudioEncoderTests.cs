using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>What holds of every family that hears, judged by the recorded models of each: one model a family.</summary>
public sealed class AudioEncoderTests
{
    private static readonly Lazy<string[]> OneOfEachFamily = new(() => [.. Corpus.Cases("models")
        .Select(name => (Case: name, Plan: Plan(Repository(name)))).Where(model => model.Plan is not null)
        .Where(model => model.Plan!.Model.Graph.Inputs.Exists(input => input.Name is "input_values" or "input_features")) // filtered
        .DistinctBy(model => model.Plan!.ModelType).Select(model => model.Case)]); // filtered

    public static TheoryData<string> Models => [.. OneOfEachFamily.Value];

    [Theory]
    [MemberData(nameof(Models))]
    public void Damaged_configurations_are_refused_by_name_or_convert(string model)
    {
        using var copy = new RepositoryCopy(model);
        JsonNode?[] wrong = [-1, 0, 3, 1_000_000_000, 1e300, 0.5, "x", true, new JsonArray(1, "x"), new JsonArray(0, 0), new JsonObject()];
        var random = new Random(20261121);
        var (tried, refused) = (0, 0);
        foreach (var section in Sections(copy.Config).Select(section => section.GetPath()).ToArray())
        {
            foreach (var field in At(copy.Config, section).Select(field => field.Key).ToArray())
            {
                foreach (var value in random.GetItems(wrong, 2))
                {
                    copy.Write(config => At(config, section)[field] = value?.DeepClone());
                    refused += Plan(copy.Folder) is null ? 1 : 0; // anything but a typed error fails here
                    tried++;
                }
            }
        }
        Assert.InRange(refused, 1, tried);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_tensor_that_nothing_reads_is_refused(string model)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config =>
        {
            foreach (var section in Sections(config).ToArray())
            {
                section["num_hidden_layers"] = 0;
                section["encoder_layers"] = 0;
                if (section["depths"] is JsonArray depths)
                    section["depths"] = new JsonArray([.. depths.Select(_ => (JsonNode)0)]);
            }
        });
        // The tensors of all layers are left over.
        Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> UntrainedHeads => Present(
        ("wav2vec2-frame-classification", "Wav2Vec2ForCTC", "lm_head.weight"),
        ("wav2vec2-ctc-group-norm", "Wav2Vec2ForXVector", "projector.weight"),
        ("wavlm-ctc", "WavLMForSequenceClassification", "projector.weight"),
        ("data2vec-audio-ctc", "Data2VecAudioForAudioFrameClassification", "classifier.weight"));

    [Theory]
    [MemberData(nameof(UntrainedHeads))]
    public void A_head_that_was_never_trained_is_refused(string model, string className, string tensor)
    {
        var refusal = Assert.Throws<MissingTensorException>(() => Converter.Plan(Repository(model), new ConversionOptions(ClassName: className)));
        Assert.Equal(tensor, refusal.Tensor);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> Bodies => Present(
        ("wav2vec2-frame-classification", "Wav2Vec2Model", ""),
        ("hubert-ctc", "HubertModel", ""),
        ("wavlm-frame-classification", "WavLMModel", ""),
        ("unispeech-sat-ctc", "UniSpeechSatModel", ""),
        ("sew-d-ctc", "SEWDModel", ""),
        ("wav2vec2-bert-classification", "Wav2Vec2BertModel", ""),
        ("parakeet-ctc", "ParakeetEncoder", ""),
        ("audio-spectrogram-transformer", "ASTModel", ""),
        ("clap", "ClapAudioModelWithProjection", ""),
        ("clap", "ClapTextModelWithProjection", ""),
        ("clap", "ClapAudioModel", ""),
        ("clap", "ClapTextModel", ""));

    [Theory]
    [MemberData(nameof(Bodies))]
    public void The_body_alone_converts_from_files_with_a_head(string model, string className, string _)
    {
        Assert.Equal(className, Converter.Plan(Repository(model), new ConversionOptions(ClassName: className)).ClassName);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> NotBuilt => Present(
        ("wav2vec2-model", "feat_extract_norm", "\"batch\""),
        ("wav2vec2-model", "conv_stride", "[5, 2]"),
        ("wav2vec2-model", "conv_kernel", "[10, 3, 3, 3]"),
        ("wav2vec2-frame-classification", "num_conv_pos_embeddings", "17"),
        ("wav2vec2-xvector", "tdnn_dilation", "[1]"),
        ("wav2vec2-conformer-relative", "position_embeddings_type", "\"absolute\""),
        ("wav2vec2-conformer-relative", "conv_depthwise_kernel_size", "8"),
        ("wav2vec2-bert-ctc", "left_max_position_embeddings", "13"),
        ("wavlm-ctc", "num_buckets", "64"),
        ("sew-d-ctc", "conv_kernel_size", "3"),
        ("clap-audio-projection", "patch_embed_input_channels", "2"),
        ("clap-audio-projection", "window_size", "1000"));

    [Theory]
    [MemberData(nameof(NotBuilt))]
    public void What_is_not_built_is_refused_by_its_name(string model, string field, string value)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config => config[field] = JsonNode.Parse(value));
        var refusal = Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
        Assert.True(refusal is UnsupportedModelException or InvalidConfigException or Gpux.Onnx.Building.GraphException, refusal.Message);
    }

    private static TheoryData<string, string, string> Present(params (string Model, string Second, string Third)[] rows)
    {
        var data = new TheoryData<string, string, string>();
        foreach (var row in rows)
            if (Corpus.Cases("models").Contains(row.Model))
                data.Add(row.Model, row.Second, row.Third);
        return data;
    }

    // The configuration, and those of parts within it.
    private static IEnumerable<JsonObject> Sections(JsonObject config) =>
        [config, .. config.Where(field => field.Key.EndsWith("_config", StringComparison.Ordinal)).Select(field => field.Value).OfType<JsonObject>()];

    private static JsonObject At(JsonObject config, string path) => path == "$" ? config : config[path["$.".Length..]]!.AsObject(); // one of Sections

    private static ModelFiles Repository(string model) => ModelFiles.InFolder(Corpus.PathOf("models", model, "repo"));

    private static ConversionPlan? Plan(ModelFiles files)
    {
        try
        {
            return Converter.Plan(files, new ConversionOptions());
        }
        catch (GpuxException)
        {
            return null;
        }
    }
}
