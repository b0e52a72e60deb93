namespace Gpux.Conversion.Tests.Architectures;

/// <summary>Heads, bodies and options of models that hear, judged by recorded models.</summary>
public sealed class AudioEncoderTests
{
    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> UntrainedHeads => RecordedModels.Present(
        ("wav2vec2-frame-classification", "Wav2Vec2ForCTC", "lm_head.weight"),
        ("wav2vec2-ctc-group-norm", "Wav2Vec2ForXVector", "projector.weight"),
        ("wav2vec2-ctc-group-norm", "Wav2Vec2ForPreTraining", "project_hid.weight"),
        ("wavlm-ctc", "WavLMForSequenceClassification", "projector.weight"),
        ("data2vec-audio-ctc", "Data2VecAudioForAudioFrameClassification", "classifier.weight"));

    [Theory]
    [MemberData(nameof(UntrainedHeads))]
    public void A_head_that_was_never_trained_is_refused(string model, string className, string tensor)
    {
        var refusal = Assert.Throws<MissingTensorException>(() => Converter.Plan(RecordedModels.Repository(model), new ConversionOptions(ClassName: className)));
        Assert.Equal(tensor, refusal.Tensor);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string> Bodies => RecordedModels.Present(
        ("wav2vec2-frame-classification", "Wav2Vec2Model"),
        ("hubert-ctc", "HubertModel"),
        ("wavlm-frame-classification", "WavLMModel"),
        ("unispeech-sat-ctc", "UniSpeechSatModel"),
        ("sew-d-ctc", "SEWDModel"),
        ("wav2vec2-bert-classification", "Wav2Vec2BertModel"),
        ("parakeet-ctc", "ParakeetEncoder"),
        ("audio-spectrogram-transformer", "ASTModel"),
        ("clap", "ClapAudioModelWithProjection"),
        ("clap", "ClapTextModelWithProjection"),
        ("clap", "ClapAudioModel"),
        ("clap", "ClapTextModel"));

    [Theory]
    [MemberData(nameof(Bodies))]
    public void The_body_alone_converts_from_files_with_a_head(string model, string className)
    {
        Assert.Equal(className, Converter.Plan(RecordedModels.Repository(model), new ConversionOptions(ClassName: className)).ClassName);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> NotBuilt => RecordedModels.Present(
        ("wav2vec2-model", "feat_extract_norm", "\"batch\""),
        ("wav2vec2-model", "conv_stride", "[5, 2]"),
        ("wav2vec2-model", "conv_kernel", "[10, 3, 3, 3]"),
        ("wav2vec2-frame-classification", "num_conv_pos_embeddings", "17"),
        ("wav2vec2-xvector", "tdnn_dilation", "[1]"),
        ("wav2vec2-conformer-relative", "position_embeddings_type", "\"absolute\""),
        ("wav2vec2-conformer-relative", "conv_depthwise_kernel_size", "8"),
        ("wav2vec2-bert-ctc", "left_max_position_embeddings", "13"),
        ("wavlm-ctc", "num_buckets", "64"),
        ("encodec", "chunk_length_s", "1.0"),
        ("encodec", "pad_mode", "\"circular\""),
        ("mimi", "num_semantic_quantizers", "9"),
        ("sew-d-ctc", "conv_kernel_size", "3"),
        ("clap-audio-projection", "patch_embed_input_channels", "2"),
        ("clap-audio-projection", "window_size", "1000"));

    [Theory]
    [MemberData(nameof(NotBuilt))]
    public void What_is_not_built_is_refused_by_its_name(string model, string field, string value)
    {
        var refusal = RecordedModels.Refusal(model, field, value);
        Assert.True(refusal is UnsupportedModelException or InvalidConfigException or Gpux.Onnx.Building.GraphException, refusal.Message);
    }
}
