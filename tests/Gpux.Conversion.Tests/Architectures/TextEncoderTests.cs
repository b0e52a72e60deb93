using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>What holds of every family of text encoders, judged by the recorded models of each: one model a family.</summary>
public sealed class TextEncoderTests
{
    private static readonly Lazy<(string Case, ConversionPlan Plan)[]> OneOfEachFamily = new(() => [.. Corpus.Cases("models")
        .Select(name => (Case: name, Plan: Plan(Repository(name)))).Where(model => model.Plan is not null)
        .Where(model => model.Plan!.Model.Graph.Inputs is var inputs // filtered
            && inputs.Exists(input => input.Name == "input_ids") && !inputs.Exists(input => input.Name == "input_features"))
        .DistinctBy(model => model.Plan!.ModelType).Select(model => (model.Case, model.Plan!))]); // filtered

    public static TheoryData<string> Models => [.. OneOfEachFamily.Value.Select(model => model.Case)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Damaged_configurations_are_refused_by_name_or_convert(string model)
    {
        using var copy = new RepositoryCopy(model);
        var fields = copy.Config.Select(field => field.Key).ToArray();
        JsonNode?[] wrong = [-1, 0, 3, 1_000_000_000, 1e300, 0.5, "x", true, new JsonArray(1, "x"), new JsonObject()];
        var random = new Random(20261121);
        var refused = 0;
        foreach (var field in fields)
        {
            foreach (var value in random.GetItems(wrong, 2))
            {
                copy.Write(config => config[field] = value?.DeepClone());
                refused += Plan(copy.Folder) is null ? 1 : 0; // anything but a typed error fails here
            }
        }
        Assert.InRange(refused, 1, 2 * fields.Length);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_tensor_that_nothing_reads_is_refused(string model)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config =>
        {
            foreach (var field in (ReadOnlySpan<string>)["num_hidden_layers", "n_layers", "n_layer"])
                config[field] = 0;
            if (config["text_config"] is JsonObject text)
                text["num_hidden_layers"] = 0;
        });
        // The tensors of all layers are left over.
        Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> UntrainedHeads
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var row in (ReadOnlySpan<(string, string, string)>)
            [
                ("roberta-seqcls", "RobertaForMaskedLM", "lm_head.dense.weight"),
                ("roberta-mlm", "RobertaForSequenceClassification", "classifier.dense.weight"),
                ("bert-qa", "BertForTokenClassification", "classifier.weight"),
                ("deberta-v2-qa", "DebertaV2ForSequenceClassification", "pooler.dense.weight"),
                ("modernbert-seqcls", "ModernBertForMaskedLM", "decoder.bias"),
                ("electra-seqcls", "ElectraForPreTraining", "discriminator_predictions.dense.weight"),
                ("convbert-seqcls", "ConvBertForMaskedLM", "generator_predictions.dense.weight"),
                ("xlnet-qa", "XLNetForSequenceClassification", "sequence_summary.summary.weight"),
                ("big-bird-seqcls-sparse", "BigBirdForQuestionAnswering", "qa_classifier.intermediate.dense.weight"),
            ])
            {
                if (Corpus.Cases("models").Contains(row.Item1))
                    rows.Add(row.Item1, row.Item2, row.Item3);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(UntrainedHeads))]
    public void A_head_that_was_never_trained_is_refused(string model, string className, string tensor)
    {
        var refusal = Assert.Throws<MissingTensorException>(() => Converter.Plan(Repository(model), new ConversionOptions(ClassName: className)));
        Assert.Equal(tensor, refusal.Tensor);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string> Bodies
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var row in (ReadOnlySpan<(string, string)>)
            [
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
                ("big-bird-seqcls-sparse", "BigBirdModel"),
            ])
            {
                if (Corpus.Cases("models").Contains(row.Item1))
                    rows.Add(row.Item1, row.Item2);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void The_body_alone_converts_from_files_with_a_head(string model, string className)
    {
        Assert.Equal(className, Converter.Plan(Repository(model), new ConversionOptions(ClassName: className)).ClassName);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> NotBuilt
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var row in (ReadOnlySpan<(string, string, string)>)
            [
                ("roberta-model", "is_decoder", "true"),
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
                ("big-bird-model", "attention_type", "\"sparse\""),
            ])
            {
                if (Corpus.Cases("models").Contains(row.Item1))
                    rows.Add(row.Item1, row.Item2, row.Item3);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(NotBuilt))]
    public void What_is_not_built_is_refused_by_its_name(string model, string field, string value)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config => config[field] = JsonNode.Parse(value));
        var refusal = Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
        Assert.True(refusal is UnsupportedModelException or InvalidConfigException, refusal.Message);
    }

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
