using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Generation;

/// <summary>GPT-2: a causal decoder that normalises before each sub-layer, with learned positions.</summary>
/// <remarks>Source: Radford et al. 2019, "Language models are unsupervised multitask learners"; outputs of transformers 4.40 and
/// 5.23, modeling_gpt2.py. B = batch, S = new tokens, P = cached tokens, T = P + S, H = hidden size, D = size of a head.</remarks>
internal static class Gpt2
{
    public static Architecture Architecture { get; } = new("gpt2", "openai-community/gpt2",
    [
        new("GPT2Model", ModelTask.FeatureExtraction, Model),
        new("GPT2LMHeadModel", ModelTask.TextGeneration, LanguageModel),
        new("GPT2ForSequenceClassification", ModelTask.TextClassification, SequenceClassification),
        new("GPT2ForTokenClassification", ModelTask.TokenClassification, TokenClassification),
        new("GPT2ForQuestionAnswering", ModelTask.QuestionAnswering, QuestionAnswering),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int HiddenSize { get; } = Json.Int("n_embd", 768, minimum: 1);
        public int Layers { get; } = Json.LayerCount("n_layer", 12);
        public int Heads { get; } = Json.Int("n_head", 12, minimum: 1);
        public string Activation { get; } = Json.Text("activation_function", "gelu_new");
        public float Epsilon { get; } = Json.Float("layer_norm_epsilon", 1e-5f);
        public int? PadToken { get; } = Json.OptionalInt("pad_token_id");

        /// <summary>What scores are multiplied by in a layer.</summary>
        public float Scale(int layer) => (Json.Bool("scale_attn_weights", true) ? 1 / MathF.Sqrt(HiddenSize / Heads) : 1)
            / (Json.Bool("scale_attn_by_inverse_layer_idx", false) ? layer + 1 : 1);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("lm_head", "score", "classifier", "qa_outputs");
        return new Outputs { { "last_hidden_state", Decode(graph, json, weights).Hidden } };
    }

    private static Outputs LanguageModel(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, decoder, cache) = Decode(graph, json, weights, cached: true);
        // The head is tied to the embedding unless the file has one of its own.
        var head = weights.Has("lm_head") ? weights["lm_head"] : decoder["wte"];
        return new Outputs { { "logits", hidden.Linear(head.Get("weight"), bias: null) }, cache };
    }

    private static Outputs SequenceClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("lm_head");
        var hidden = Decode(graph, json, weights).Hidden;
        return new Outputs { { "logits", LastToken(hidden, graph.FindInput("input_ids")!, new Config(json)).Linear(weights["score"]) } }; // Decode adds it
    }

    private static Outputs TokenClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("lm_head");
        return new Outputs { { "logits", Decode(graph, json, weights).Hidden.Linear(weights["classifier"]) } };
    }

    private static Outputs QuestionAnswering(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("lm_head");
        var ends = Decode(graph, json, weights).Hidden.Linear(weights["qa_outputs"]).Split(axis: 2, 1, 1); // [B, S, 1] each
        return new Outputs { { "start_logits", ends[0].Squeeze(2) }, { "end_logits", ends[1].Squeeze(2) } };
    }

    // The last hidden state, float [B, S, H]; the module of the decoder's weights; and the outputs that carry the cache on.
    private static (Value Hidden, Weights Decoder, Outputs Cache) Decode(
        GraphBuilder graph, ModelConfig json, Weights weights, bool cached = false)
    {
        if (json.Bool("add_cross_attention", false))
            throw new UnsupportedModelException("This GPT-2 attends to an encoder (add_cross_attention in config.json).",
                "It is one half of an encoder-decoder model: convert the whole model.");
        var config = new Config(json);
        if (config.HiddenSize % config.Heads != 0)
            throw json.Invalid("n_head", $"a divisor of n_embd ({config.HiddenSize}) was expected");
        Dim batch = "batch_size", length = "sequence_length", past = "past_sequence_length";
        var total = cached ? (Dim)"total_sequence_length" : length;
        var ids = graph.Input("input_ids", ElementType.Int64, batch, length);
        var attended = graph.Input("attention_mask", ElementType.Int64, batch, total);
        var positions = graph.Input("position_ids", ElementType.Int64, batch, length);
        // The first checkpoints have no prefix.
        var decoder = weights.Has("transformer") ? weights["transformer"] : weights;

        var x = ids.Embedding(decoder["wte"]) + positions.Embedding(decoder["wpe"]); // [B, S, H]
        var cache = new Outputs();
        Value Cache(int layer, string kind) => graph.Input($"past_key_values.{layer}.{kind}", ElementType.Float32,
            batch, config.Heads, past, config.HiddenSize / config.Heads);
        var pasts = Enumerable.Range(0, cached ? config.Layers : 0).Select(i => (Keys: Cache(i, "key"), Values: Cache(i, "value"))).ToArray();
        var mask = attended.CausalMask(length);
        for (var i = 0; i < config.Layers; i++)
        {
            var layer = decoder[$"h.{i}"];
            layer["attn"].Ignore("bias", "masked_bias"); // causal masks that early versions stored
            var normed = x.LayerNorm(layer["ln_1"], config.Epsilon);
            var projected = normed.LinearInOut(layer["attn.c_attn"]).Split(axis: 2, config.HiddenSize, config.HiddenSize, config.HiddenSize);
            var (query, key, value) = (projected[0].SplitHeads(config.Heads), projected[1].SplitHeads(config.Heads), projected[2].SplitHeads(config.Heads));
            if (cached)
            {
                (key, value) = (pasts[i].Keys.Append(key, total), pasts[i].Values.Append(value, total));
                cache.Add($"present.{i}.key", key);
                cache.Add($"present.{i}.value", value);
            }
            x += query.Attend(key, value, mask, config.Scale(i)).LinearInOut(layer["attn.c_proj"]);
            x += x.LayerNorm(layer["ln_2"], config.Epsilon).LinearInOut(layer["mlp.c_fc"]).Apply(config.Activation).LinearInOut(layer["mlp.c_proj"]);
        }
        return (x.LayerNorm(decoder["ln_f"], config.Epsilon), decoder, cache);
    }

    // The hidden state of each row's last token that is not padding, told by its id: [B, H]. Without a pad token, of the last one.
    private static Value LastToken(Value hidden, Value ids, Config config)
    {
        if (config.PadToken is not { } pad)
            return hidden.At(axis: 1, -1);
        var graph = hidden.Graph;
        var (batch, length) = (hidden.Dim(0), hidden.Dim(1));
        var numbers = graph.Extent(length).Range(length); // [S]
        var last = ((!ids.EqualTo(pad)).Cast(ElementType.Int64) * numbers).ArgMax(axis: 1); // [B]
        var rows = graph.Extent(batch).Range(batch) * graph.Extent(length);
        return hidden.Reshape(Dim.Rest, hidden.Dim(2)).Gather(rows + last);
    }
}
