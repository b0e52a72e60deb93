using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures;

/// <summary>BERT: a bidirectional encoder that normalises after each residual sum.</summary>
/// <remarks>Source: arXiv:1810.04805; outputs of transformers 4.40 and 5.23, modeling_bert.py. B = batch, S = tokens, H = hidden size.</remarks>
internal static class Bert
{
    public static Architecture Architecture { get; } = new("bert", "google-bert/bert-base-uncased",
    [
        new("BertModel", ModelTask.FeatureExtraction, Model),
        new("BertForMaskedLM", ModelTask.FillMask, MaskedLanguageModel),
        new("BertForPreTraining", ModelTask.PreTraining, PreTraining),
        new("BertForNextSentencePrediction", ModelTask.NextSentencePrediction, NextSentencePrediction),
        new("BertForSequenceClassification", ModelTask.TextClassification, SequenceClassification),
        new("BertForTokenClassification", ModelTask.TokenClassification, TokenClassification),
        new("BertForQuestionAnswering", ModelTask.QuestionAnswering, QuestionAnswering),
        new("BertForMultipleChoice", ModelTask.MultipleChoice, MultipleChoice),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int HiddenSize { get; } = Json.Int("hidden_size", 768, minimum: 1);
        public int Layers { get; } = Json.Int("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public int TokenTypes { get; } = Json.Int("type_vocab_size", 2);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public string Positions { get; } = Json.Text("position_embedding_type", "absolute");
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("cls", "classifier", "qa_outputs");
        var (hidden, encoder) = Encode(graph, json, weights);
        var outputs = new Outputs { { "last_hidden_state", hidden } };
        if (encoder.Has("pooler"))
            outputs.Add("pooler_output", Pool(hidden, encoder));
        return outputs;
    }

    private static Outputs MaskedLanguageModel(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("cls.seq_relationship");
        var (hidden, encoder) = Encode(graph, json, weights);
        encoder.Ignore("pooler");
        return new Outputs { { "logits", PredictTokens(hidden, encoder, weights["cls.predictions"], new Config(json)) } };
    }

    private static Outputs PreTraining(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, encoder) = Encode(graph, json, weights);
        return new Outputs
        {
            { "prediction_logits", PredictTokens(hidden, encoder, weights["cls.predictions"], new Config(json)) },
            { "seq_relationship_logits", Pool(hidden, encoder).Linear(weights["cls.seq_relationship"]) },
        };
    }

    private static Outputs NextSentencePrediction(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("cls.predictions");
        var (hidden, encoder) = Encode(graph, json, weights);
        return new Outputs { { "logits", Pool(hidden, encoder).Linear(weights["cls.seq_relationship"]) } };
    }

    private static Outputs SequenceClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, encoder) = Encode(graph, json, weights);
        return new Outputs { { "logits", Pool(hidden, encoder).Linear(weights["classifier"]) } };
    }

    private static Outputs TokenClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, encoder) = Encode(graph, json, weights);
        encoder.Ignore("pooler");
        return new Outputs { { "logits", hidden.Linear(weights["classifier"]) } };
    }

    private static Outputs QuestionAnswering(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, encoder) = Encode(graph, json, weights);
        encoder.Ignore("pooler");
        var ends = hidden.Linear(weights["qa_outputs"]).Split(axis: 2, 1, 1); // [B, S, 1] each
        return new Outputs { { "start_logits", ends[0].Squeeze(2) }, { "end_logits", ends[1].Squeeze(2) } };
    }

    private static Outputs MultipleChoice(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (hidden, encoder) = Encode(graph, json, weights, "batch_size", "num_choices", "sequence_length");
        var scores = Pool(hidden, encoder).Linear(weights["classifier"]); // [B * choices, 1]
        return new Outputs { { "logits", scores.Reshape("batch_size", "num_choices") } };
    }

    // The last hidden state, float [B, S, H]; and the module of the encoder's weights.
    private static (Value Hidden, Weights Encoder) Encode(GraphBuilder graph, ModelConfig json, Weights weights, params Dim[] shape)
    {
        if (json.Bool("is_decoder", false) || json.Bool("add_cross_attention", false))
            throw new UnsupportedModelException("This BERT is configured as a decoder (is_decoder or add_cross_attention in config.json).",
                "Only BERT encoders are built; use the encoder of the model, or a shipped ONNX file if the repository has one.");
        var config = new Config(json);
        shape = shape.Length == 0 ? ["batch_size", "sequence_length"] : shape;
        Value Tokens(string name) => graph.Input(name, ElementType.Int64, shape) is var input && shape.Length == 2
            ? input : input.Reshape(Dim.Rest, shape[^1]); // several choices are as many rows
        var ids = Tokens("input_ids");
        var attended = Tokens("attention_mask");
        var segments = config.TokenTypes > 1 ? Tokens("token_type_ids") : null;
        // Checkpoints with a head keep the encoder under "bert."; the bare encoder has no prefix.
        var encoder = weights.Has("bert") ? weights["bert"] : weights;
        encoder.Ignore("embeddings.position_ids");

        var x = Embed(ids, segments, encoder["embeddings"], config);
        var mask = attended.PaddingMask(queries: ids.Dim(1));
        for (var i = 0; i < config.Layers; i++)
            x = Layer(x, mask, encoder[$"encoder.layer.{i}"], config);
        return (x, encoder);
    }

    private static Value Embed(Value ids, Value? segments, Weights weights, Config config)
    {
        var words = ids.Embedding(weights["word_embeddings"]);
        // Without segments every token is of type 0.
        var types = segments?.Embedding(weights["token_type_embeddings"])
            ?? weights["token_type_embeddings"].Stored("weight").Slice(axis: 0, 0, 1).Cast(ElementType.Float32);
        var sum = words + types;
        if (config.Positions == "absolute")
        {
            var graph = ids.Graph;
            var table = weights["position_embeddings"].Stored("weight");
            sum += table.Slice(axis: 0, graph.Constant([0L]), graph.Extent(ids.Dim(1)), ids.Dim(1)).Cast(ElementType.Float32); // [S, H]
        }
        else
            weights.Ignore("position_embeddings");
        return sum.LayerNorm(weights["LayerNorm"], config.Epsilon);
    }

    private static Value Layer(Value x, Value mask, Weights weights, Config config)
    {
        var context = Attention(x, mask, weights["attention.self"], config).Linear(weights["attention.output.dense"]);
        x = (context + x).LayerNorm(weights["attention.output.LayerNorm"], config.Epsilon);
        var inner = x.Linear(weights["intermediate.dense"]).Apply(config.Activation).Linear(weights["output.dense"]);
        return (inner + x).LayerNorm(weights["output.LayerNorm"], config.Epsilon);
    }

    private static Value Attention(Value x, Value mask, Weights weights, Config config)
    {
        var query = x.Linear(weights["query"]).SplitHeads(config.Heads);
        var key = x.Linear(weights["key"]).SplitHeads(config.Heads);
        var value = x.Linear(weights["value"]).SplitHeads(config.Heads);
        if (config.Positions == "absolute")
            weights.Ignore("distance_embedding"); // version 5 of the library writes one, and does not use it
        else
            mask += RelativeScores(query, key, weights, config);
        return query.Attend(key, value, mask);
    }

    // Self-attention with relative positions (arXiv:1803.02155; with the key, arXiv:2009.13658), scaled as the other scores: [B, heads, S, S].
    private static Value RelativeScores(Value query, Value key, Weights weights, Config config)
    {
        var graph = query.Graph;
        var length = query.Dim(2);
        var table = weights["distance_embedding"].Stored("weight"); // [2 * max_position_embeddings - 1, D]
        var furthest = (table.Dim(0).Size!.Value - 1) / 2; // weights have known extents
        var positions = graph.Extent(length).Range(length);
        var distances = positions.Unsqueeze(1) - positions.Unsqueeze(0) + graph.Constant(furthest); // [S, S]: query less key
        var embedded = table.Gather(distances).Cast(ElementType.Float32); // [S, S, D]
        var scores = query.Einsum("bhld,lrd->bhlr", embedded);
        if (config.Positions == "relative_key_query")
            scores += key.Einsum("bhrd,lrd->bhlr", embedded);
        else if (config.Positions != "relative_key")
            throw config.Json.Invalid("position_embedding_type", "absolute, relative_key or relative_key_query was expected");
        return scores / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
    }

    // tanh of a projection of the first token: [B, H].
    private static Value Pool(Value hidden, Weights encoder) => hidden.At(axis: 1, 0).Linear(encoder["pooler.dense"]).Tanh();

    // Scores of all tokens of the vocabulary: [B, S, vocabulary].
    private static Value PredictTokens(Value hidden, Weights encoder, Weights weights, Config config)
    {
        var transformed = hidden.Linear(weights["transform.dense"]).Apply(config.Activation)
            .LayerNorm(weights["transform.LayerNorm"], config.Epsilon);
        // Tied weights are left out of the file, or stand in it twice; the file's own decoder counts if there is one.
        var matrix = weights.Has("decoder.weight") ? weights["decoder"].Get("weight") : encoder["embeddings.word_embeddings"].Get("weight");
        var bias = weights.Has("decoder.bias") ? weights["decoder"].Get("bias") : weights.Get("bias");
        weights.Ignore("bias");
        return transformed.Linear(matrix, bias);
    }
}
