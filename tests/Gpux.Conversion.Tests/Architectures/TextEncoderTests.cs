namespace Gpux.Conversion.Tests.Architectures;

/// <summary>Heads, bodies and options of text encoders, judged by recorded models.</summary>
public sealed class TextEncoderTests
{
    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> UntrainedHeads => RecordedModels.Present(
        ("roberta-seqcls", "RobertaForMaskedLM", "lm_head.dense.weight"),
        ("roberta-mlm", "RobertaForSequenceClassification", "classifier.dense.weight"),
        ("bert-qa", "BertForTokenClassification", "classifier.weight"),
        ("deberta-v2-qa", "DebertaV2ForSequenceClassification", "pooler.dense.weight"),
        ("modernbert-seqcls", "ModernBertForMaskedLM", "decoder.bias"),
        ("electra-seqcls", "ElectraForPreTraining", "discriminator_predictions.dense.weight"),
        ("convbert-seqcls", "ConvBertForMaskedLM", "generator_predictions.dense.weight"),
        ("xlnet-qa", "XLNetForSequenceClassification", "sequence_summary.summary.weight"),
        ("big-bird-seqcls-sparse", "BigBirdForQuestionAnswering", "qa_classifier.intermediate.dense.weight"));

    [Theory]
    [MemberData(nameof(UntrainedHeads))]
    public void A_head_that_was_never_trained_is_refused(string model, string className, string tensor)
    {
        var refusal = Assert.Throws<MissingTensorException>(() => Converter.Plan(RecordedModels.Repository(model), new ConversionOptions(ClassName: className)));
        Assert.Equal(tensor, refusal.Tensor);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string> Bodies => RecordedModels.Present(
        ("bert-qa", "BertModel"),
        ("roberta-mlm", "RobertaModel"),
        ("xlm-roberta-seqcls-reranker", "XLMRobertaModel"),
        ("distilbert-qa", "DistilBertModel"),
        ("mpnet-qa", "MPNetModel"),
        ("electra-pretraining", "ElectraModel"),
        ("albert-pretraining", "AlbertModel"),
        ("deberta-v2-qa", "DebertaV2Model"),
        ("modernbert-seqcls", "ModernBertModel"),
        ("esm-mlm", "EsmModel"),
        ("mobilebert-mlm", "MobileBertModel"),
        ("convbert-seqcls", "ConvBertModel"),
        ("splinter-qa", "SplinterModel"),
        ("ibert-seqcls", "IBertModel"),
        ("bros-tokcls", "BrosModel"),
        ("markuplm-tokcls", "MarkupLMModel"),
        ("xlnet-qa", "XLNetModel"),
        ("canine-seqcls", "CanineModel"),
        ("big-bird-seqcls-sparse", "BigBirdModel"));

    [Theory]
    [MemberData(nameof(Bodies))]
    public void The_body_alone_converts_from_files_with_a_head(string model, string className)
    {
        Assert.Equal(className, Converter.Plan(RecordedModels.Repository(model), new ConversionOptions(ClassName: className)).ClassName);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> NotBuilt => RecordedModels.Present(
        ("roberta-model", "is_decoder", "true"),
        ("bert-model", "pruned_heads", """{"0": [1]}"""),
        ("distilbert-model", "pruned_heads", """{"0": [1]}"""),
        ("esm-model", "is_decoder", "true"),
        ("eurobert-model", "rope_parameters", """{"rope_type": "yarn", "factor": 2.0, "rope_theta": 10000.0}"""),
        ("eurobert-model", "rope_parameters", """{"rope_type": "linear", "rope_theta": 10000.0}"""),
        ("nystromformer-model", "inv_coeff_init_option", "true"),
        ("deberta-model", "talking_head", "true"),
        ("deberta-v2-model", "pos_att_type", "\"p2p\""),
        ("modernbert-model", "rope_parameters", """{"full_attention": {"rope_type": "yarn", "factor": 2.0}}"""),
        ("modernbert-model", "layer_types", """["full_attention"]"""),
        ("nomic-bert-model-published-config", "rotary_emb_interleaved", "true"),
        ("nomic-bert-model-published-config", "rotary_scaling_factor", "2.0"),
        ("nomic-bert-model-published-config", "activation_function", "\"gelu\""),
        ("esm-model", "is_folding_model", "true"),
        ("esm-model", "position_embedding_type", "\"relative_key\""),
        ("albert-model", "num_hidden_layers", "1000000000"),
        ("xlm-model", "causal", "true"),
        ("longformer-model", "attention_window", "[8]"),
        ("roberta-model", "position_embedding_type", "\"rotary\""),
        ("bert-qa", "is_decoder", "true"),
        ("ibert-seqcls", "quant_mode", "true"),
        ("ibert-seqcls", "hidden_act", "\"relu\""),
        ("xlnet-model", "bi_data", "true"),
        ("xlnet-model", "attn_type", "\"tri\""),
        ("bros-tokcls", "dim_bbox", "9"),
        ("markuplm-tokcls", "max_depth", "1000000"),
        ("canine-model", "num_hash_functions", "17"),
        ("canine-model", "position_embedding_type", "\"relative_key\""),
        ("convbert-model", "conv_kernel_size", "4"),
        ("big-bird-model", "attention_type", "\"sparse\""));

    [Theory]
    [MemberData(nameof(NotBuilt))]
    public void What_is_not_built_is_refused_by_its_name(string model, string field, string value)
    {
        var refusal = RecordedModels.Refusal(model, field, value);
        Assert.True(refusal is UnsupportedModelException or InvalidConfigException, refusal.Message);
    }
}
