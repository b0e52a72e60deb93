using System.Text.Json;

namespace Gpux.Benchmarks.Training;

/// <summary>Reads the sizes of a transformer from a config.json of the Hugging Face layout.</summary>
/// <remarks>Source: the configuration and model classes of transformers 4.57. Of a family that is not listed only the sizes that all name alike are read, which is
/// enough where the number of parameters is known otherwise.</remarks>
internal sealed class TransformerConfig
{
    private readonly string _model;
    private readonly JsonElement _root;

    private TransformerConfig(string model, JsonElement root)
    {
        _model = model;
        _root = root;
    }

    /// <summary>The families that are counted tensor by tensor.</summary>
    public static IReadOnlyList<string> Families { get; } =
    [
        "bert", "gemma", "gpt2", "gpt_neox", "llama", "mistral", "mixtral", "opt", "phi3", "qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "roberta", "vit", "xlm-roberta",
    ];

    /// <param name="parameters">From the checkpoint's headers; null to count them.</param>
    public static TrainingModel Read(string model, ReadOnlyMemory<byte> json, double? parameters)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return Read(model, document.RootElement, parameters);
        }
        catch (JsonException exception)
        {
            throw new UnknownTrainingModelException(model, $"its config.json is not JSON: {exception.Message}");
        }
    }

    public static TrainingModel Read(string model, JsonElement root, double? parameters)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new UnknownTrainingModelException(model, "it has no config.json that holds an object.");
        var config = new TransformerConfig(model, root);
        var type = config.Text("model_type") ?? "";
        var shape = config.Shape(type) ?? (parameters is null
            ? throw new UnknownTrainingModelException(model, $"the family '{type}' is not counted from config.json alone, and there are no weights to count. Counted are: {string.Join(", ", Families)}.")
            : config.GenericShape());
        shape.Validate();
        var result = new TrainingModel(model, shape, parameters ?? shape.Parameters)
        {
            Family = type.Length > 0 ? type : null,
            LayerClass = LayerClassOf(type),
            ContextLength = type == "vit" ? shape.LearnedVectors : config.FirstInt("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length"),
            Notes = parameters is { } known && Math.Abs(known / shape.Parameters - 1) > 0.02
                ? [$"The checkpoint has {known:N0} parameters, config.json suggests {shape.Parameters:N0}: the checkpoint's are planned for."] : [],
        };
        result.Validate();
        return result;
    }

    private TransformerShape? Shape(string type) => type switch
    {
        "gpt2" => Gpt2(),
        "gpt_neox" => NeoX(),
        "opt" => Opt(),
        "llama" or "mistral" or "gemma" or "phi3" or "qwen2" or "qwen3" or "mixtral" or "qwen2_moe" or "qwen3_moe" => Llama(type),
        "bert" or "roberta" or "xlm-roberta" => Bert(),
        "vit" => Vit(),
        _ => null,
    };

    private TransformerShape Gpt2()
    {
        var width = Int("n_embd", 768);
        return TransformerShape.Gpt(Int("n_layer", 12), width, Int("n_head", 12), Int("vocab_size", 50257), Int("n_positions", 1024)) with
        {
            FeedForwardSize = Int("n_inner", Fourfold(width)), TiesEmbeddings = Flag("tie_word_embeddings", true),
            HasAttentionDropout = Rate("attn_pdrop", 0.1), HasResidualDropout = Rate("resid_pdrop", 0.1),
        };
    }

    private TransformerShape NeoX() => Decoder(Int("intermediate_size", 24576)) with
    {
        IsGated = false, TiesEmbeddings = Flag("tie_word_embeddings", false), HasNormBias = true, HasQueryKeyValueBias = Flag("attention_bias", true), HasOtherBiases = true,
        HasResidualDropout = Rate("hidden_dropout", 0),
    };

    private TransformerShape Opt()
    {
        var width = Int("hidden_size", 768);
        if (Int("word_embed_proj_dim", width) != width || !Flag("do_layer_norm_before", true))
            throw new UnknownTrainingModelException(_model, "its embeddings are narrower than its layers.");
        return TransformerShape.Gpt(Int("num_hidden_layers", 12), width, Int("num_attention_heads", 12), Int("vocab_size", 50272), Int("max_position_embeddings", 2048) + 2) with
        {
            FeedForwardSize = Int("ffn_dim", 3072), TiesEmbeddings = Flag("tie_word_embeddings", true),
            HasAttentionDropout = Rate("attention_dropout", 0), HasResidualDropout = Rate("dropout", 0.1),
        };
    }

    private TransformerShape Llama(string type)
    {
        var hasExperts = type is "mixtral" or "qwen2_moe" or "qwen3_moe";
        var shape = Decoder(Int("intermediate_size")) with
        {
            IsGated = true,
            TiesEmbeddings = Flag("tie_word_embeddings", type == "gemma"),
            HasQueryKeyValueBias = type is "qwen2" or "qwen2_moe" || Flag("attention_bias", false),
            HasOtherBiases = Flag("mlp_bias", false),
            HasQueryKeyNorm = type is "qwen3" or "qwen3_moe",
        };
        if (!hasExperts)
            return shape;
        var count = FirstInt("num_local_experts", "num_experts") ?? throw Lacks("num_experts");
        return shape with
        {
            Experts = new MixtureOfExperts(count, Int("num_experts_per_tok"), FirstInt("moe_intermediate_size", "intermediate_size") ?? throw Lacks("moe_intermediate_size"))
            {
                SharedFeedForwardSize = type == "qwen2_moe" ? Int("shared_expert_intermediate_size", 0) : 0,
                GatesShared = type == "qwen2_moe",
                DenseLayers = List("mlp_only_layers"),
            },
        };
    }

    // Which all decoders since Llama name alike.
    private TransformerShape Decoder(int feedForwardSize)
    {
        var (width, heads) = (Int("hidden_size"), Int("num_attention_heads"));
        return new TransformerShape
        {
            Layers = Int("num_hidden_layers"), HiddenSize = width, Heads = heads, KeyValueHeads = Int("num_key_value_heads", heads),
            HeadSize = Int("head_dim", Math.Max(1, width / Math.Max(1, heads))), FeedForwardSize = feedForwardSize, VocabularySize = Int("vocab_size"),
            HasAttentionDropout = Rate("attention_dropout", 0), HasResidualDropout = Rate("resid_pdrop", 0),
        };
    }

    private TransformerShape Bert()
    {
        var (width, vocabulary) = ((long)Int("hidden_size", 768), (long)Int("vocab_size", 30522));
        var (writes, labels) = (Architecture().EndsWith("ForMaskedLM", StringComparison.Ordinal), Labels());
        return Encoder() with
        {
            VocabularySize = (int)vocabulary, LearnedVectors = Int("max_position_embeddings", 512) + Int("type_vocab_size", 2), WritesTokens = writes,
            OuterParameters = writes ? width * width + 3 * width + vocabulary : width * width + width
                + (Architecture().EndsWith("ForSequenceClassification", StringComparison.Ordinal) ? labels * (width + 1) : 0),
        };
    }

    private TransformerShape Vit()
    {
        var (image, patch, width) = (Int("image_size", 224), Int("patch_size", 16), (long)Int("hidden_size", 768));
        if (patch <= 0 || image < patch)
            throw new UnknownTrainingModelException(_model, $"patches of {patch} pixels do not divide images of {image}.");
        var side = (long)image / patch;
        if (side > 10_000)
            throw new UnknownTrainingModelException(_model, $"{side} x {side} patches are no image.");
        var inputs = (long)Int("num_channels", 3) * patch * patch;
        var isClassifier = Architecture().EndsWith("ForImageClassification", StringComparison.Ordinal);
        return Encoder() with
        {
            VocabularySize = 0, WritesTokens = false, LearnedVectors = (int)(side * side + 1),
            OuterParameters = inputs * width + 2 * width + (isClassifier ? Labels() * (width + 1) : width * width + width), // patches, the class token, a head or a pooler
        };
    }

    private TransformerShape Encoder()
    {
        var (width, heads) = (Int("hidden_size", 768), Int("num_attention_heads", 12));
        return TransformerShape.Gpt(Int("num_hidden_layers", 12), width, heads, vocabularySize: 0, sequence: 0) with
        {
            FeedForwardSize = Int("intermediate_size", 3072), WritesTokens = false,
            HasAttentionDropout = Rate("attention_probs_dropout_prob", 0.1), HasResidualDropout = Rate("hidden_dropout_prob", 0.1),
        };
    }

    private TransformerShape GenericShape()
    {
        var width = FirstInt("hidden_size", "n_embd", "d_model", "dim") ?? throw Lacks("hidden_size");
        var heads = FirstInt("num_attention_heads", "n_head", "n_heads", "num_heads") ?? throw Lacks("num_attention_heads");
        return new TransformerShape
        {
            Layers = FirstInt("num_hidden_layers", "n_layer", "n_layers", "num_layers") ?? throw Lacks("num_hidden_layers"), HiddenSize = width, Heads = heads,
            KeyValueHeads = FirstInt("num_key_value_heads") ?? heads, HeadSize = FirstInt("head_dim", "d_kv") ?? Math.Max(1, width / Math.Max(1, heads)),
            FeedForwardSize = FirstInt("intermediate_size", "n_inner", "d_ff", "ffn_dim", "hidden_dim") ?? Fourfold(width), VocabularySize = Int("vocab_size", 0),
            TiesEmbeddings = Flag("tie_word_embeddings", true),
        };
    }

    private static string? LayerClassOf(string type) => type switch
    {
        "bert" => "BertLayer",
        "gemma" => "GemmaDecoderLayer",
        "gpt2" => "GPT2Block",
        "gpt_neox" => "GPTNeoXLayer",
        "llama" => "LlamaDecoderLayer",
        "mistral" => "MistralDecoderLayer",
        "mixtral" => "MixtralDecoderLayer",
        "opt" => "OPTDecoderLayer",
        "phi3" => "Phi3DecoderLayer",
        "qwen2" => "Qwen2DecoderLayer",
        "qwen2_moe" => "Qwen2MoeDecoderLayer",
        "qwen3" => "Qwen3DecoderLayer",
        "qwen3_moe" => "Qwen3MoeDecoderLayer",
        "roberta" => "RobertaLayer",
        "vit" => "ViTLayer",
        "xlm-roberta" => "XLMRobertaLayer",
        _ => null,
    };

    private static int Fourfold(int width) => (int)Math.Min(int.MaxValue, 4L * width);

    private string Architecture() => Field("architectures") is { ValueKind: JsonValueKind.Array } list && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.String
        ? list[0].GetString() ?? "" : "";

    private long Labels() => Field("id2label") is { ValueKind: JsonValueKind.Object } labels ? labels.EnumerateObject().Count() : Int("num_labels", 2);

    private int List(string name) => Field(name) is { ValueKind: JsonValueKind.Array } list ? list.GetArrayLength() : 0;

    private bool Rate(string name, double absent) => (Field(name) is { ValueKind: JsonValueKind.Number } field ? field.GetDouble() : absent) > 0;

    private bool Flag(string name, bool absent) => Field(name)?.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => absent };

    private string? Text(string name) => Field(name) is { ValueKind: JsonValueKind.String } field ? field.GetString() : null;

    private int? FirstInt(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (Field(name) is not null)
                return Int(name);
        return null;
    }

    private int Int(string name, int? absent = null) => Field(name) is not { } field ? absent ?? throw Lacks(name)
        : field.ValueKind == JsonValueKind.Number && field.TryGetInt32(out var value) && value >= 0 ? value
        : throw new UnknownTrainingModelException(_model, $"'{name}' in its config.json is no whole number.");

    // What is null is as if it were left out.
    private JsonElement? Field(string name) => _root.TryGetProperty(name, out var field) && field.ValueKind != JsonValueKind.Null ? field : null;

    private UnknownTrainingModelException Lacks(string name) => new(_model, $"its config.json lacks '{name}'.");
}
