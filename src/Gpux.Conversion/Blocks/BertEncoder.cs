using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What config.json says of an encoder whose layers are BERT's.</summary>
/// <param name="Positions">"absolute"; or relative_key or relative_key_query, which act in the attention.</param>
internal sealed record BertShape(int Layers, int Heads, string Activation, float Epsilon, string Positions)
{
    /// <param name="heads">These are the defaults of the original class: files leave out what equals them.</param>
    public static BertShape Of(ModelConfig json, int layers = 12, int heads = 12, string activation = "gelu", float epsilon = 1e-12f)
    {
        RequireEncoder(json);
        return new BertShape(json.LayerCount("num_hidden_layers", layers), json.Int("num_attention_heads", heads, minimum: 1),
            json.Text("hidden_act", activation), json.Float("layer_norm_eps", epsilon), PositionsOf(json));
    }

    /// <exception cref="UnsupportedModelException">Tokens see only those before them.</exception>
    public static void RequireEncoder(ModelConfig json)
    {
        if (json.Bool("is_decoder", false) || json.Bool("add_cross_attention", false))
            throw new UnsupportedModelException($"This {json.ModelType} is configured as a decoder (is_decoder or add_cross_attention in config.json).",
                "Only the encoder is built; use the encoder of the model, or a shipped ONNX file if the repository has one.");
    }

    public bool HasAbsolutePositions => Positions == "absolute";

    private static string PositionsOf(ModelConfig json) => json.Text("position_embedding_type", "absolute") is var type
        && type is "absolute" or "relative_key" or "relative_key_query" ? type
        : throw json.Invalid("position_embedding_type", "absolute, relative_key or relative_key_query was expected");
}

/// <summary>The parts of BERT (arXiv:1810.04805) that its kin share. B = batch, S = tokens, H = hidden size.</summary>
internal static class BertEncoder
{
    /// <summary>Embeddings of tokens and, where the model tells several apart, of their types: [B, S, H].</summary>
    /// <param name="tokenTypes">type_vocab_size.</param>
    public static Value EmbedTokens(this TextInputs inputs, Weights weights, int tokenTypes)
    {
        var words = inputs.Ids.Embedding(weights["word_embeddings"]);
        var types = weights["token_type_embeddings"];
        return tokenTypes switch
        {
            0 => words,
            1 => words + types.Stored("weight").Slice(axis: 0, 0, 1).Cast(ElementType.Float32), // every token is of type 0
            _ => words + inputs.Tokens("token_type_ids").Embedding(types),
        };
    }

    /// <summary>Layers that normalise after each residual sum: the modules "layer.0" and so on.</summary>
    public static Value BertLayers(this Value x, Value mask, Weights encoder, BertShape shape)
    {
        for (var i = 0; i < shape.Layers; i++)
            x = x.BertLayer(mask, encoder[$"layer.{i}"], shape);
        return x;
    }

    public static Value BertLayer(this Value x, Value mask, Weights weights, BertShape shape) =>
        x.BertAttention(mask, weights["attention.self"], shape).BertOutputs(x, weights, shape);

    /// <summary>What follows the attention in a layer that normalises after each residual sum.</summary>
    /// <param name="context">What the attention gives for <paramref name="x"/>.</param>
    public static Value BertOutputs(this Value context, Value x, Weights weights, BertShape shape)
    {
        x = (context.Linear(weights["attention.output.dense"]) + x).LayerNorm(weights["attention.output.LayerNorm"], shape.Epsilon);
        return (x.FeedForward(weights, shape.Activation) + x).LayerNorm(weights["output.LayerNorm"], shape.Epsilon);
    }

    /// <summary>The modules "intermediate.dense" and "output.dense" of a layer.</summary>
    public static Value FeedForward(this Value x, Weights weights, string activation) =>
        x.Linear(weights["intermediate.dense"]).Apply(activation).Linear(weights["output.dense"]);

    /// <summary>Self-attention by the modules "query", "key" and "value": [B, S, H].</summary>
    public static Value BertAttention(this Value x, Value mask, Weights weights, BertShape shape)
    {
        var query = x.Linear(weights["query"]).SplitHeads(shape.Heads);
        var key = x.Linear(weights["key"]).SplitHeads(shape.Heads);
        var value = x.Linear(weights["value"]).SplitHeads(shape.Heads);
        if (shape.HasAbsolutePositions)
            weights.Ignore("distance_embedding"); // version 5 of the library writes one, and does not use it
        else
            mask += RelativeScores(query, key, weights, byKey: shape.Positions == "relative_key_query");
        return query.Attend(key, value, mask);
    }

    // Self-attention with relative positions (arXiv:1803.02155; with the key, arXiv:2009.13658), scaled as the other scores: [B, heads, S, S].
    private static Value RelativeScores(Value query, Value key, Weights weights, bool byKey)
    {
        var graph = query.Graph;
        var table = weights["distance_embedding"].Stored("weight"); // [2 * max_position_embeddings - 1, D]
        var furthest = (table.Dim(0).Size!.Value - 1) / 2; // weights have known extents
        var embedded = table.Gather(graph.Distances(query.Dim(2)) + graph.Constant(furthest)).Cast(ElementType.Float32); // [S, S, D]
        var scores = query.Einsum("bhld,lrd->bhlr", embedded);
        if (byKey)
            scores += key.Einsum("bhrd,lrd->bhlr", embedded);
        return scores / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
    }

    /// <summary>Layers that normalise before each sub-layer: the modules "layer.0" and so on.</summary>
    /// <param name="attentionNorm">The module of a layer that normalises before the attention.</param>
    /// <param name="feedForwardNorm">The module of a layer that normalises before the feed-forward layers.</param>
    public static Value BertPreNormLayers(this Value x, Value mask, Weights encoder, BertShape shape, string attentionNorm, string feedForwardNorm)
    {
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = encoder[$"layer.{i}"];
            x += x.LayerNorm(layer[attentionNorm], shape.Epsilon).BertAttention(mask, layer["attention.self"], shape)
                .Linear(layer["attention.output.dense"]);
            x += x.LayerNorm(layer[feedForwardNorm], shape.Epsilon).FeedForward(layer, shape.Activation);
        }
        return x;
    }

    /// <summary>What a masked language model does to states before it scores tokens: the modules "dense" and
    /// <paramref name="norm"/>.</summary>
    public static Value Transform(this Value hidden, Weights weights, string activation, float epsilon, string norm = "LayerNorm") =>
        hidden.Linear(weights["dense"]).Apply(activation).LayerNorm(weights[norm], epsilon);

    /// <summary>Scores of all tokens of the vocabulary, [B, S, vocabulary], by the module "cls.predictions".</summary>
    public static Value PredictBertTokens(this EncodedText text, BertShape shape)
    {
        var head = text.Weights["cls.predictions"];
        return text.Hidden.Transform(head["transform"], shape.Activation, shape.Epsilon)
            .ScoreTokens(head, text.Body["embeddings.word_embeddings"], text.Json);
    }

    /// <summary>Scores of all tokens of the vocabulary, [B, S, vocabulary], by the module "lm_head", as RoBERTa and its kin have it.</summary>
    /// <param name="epsilon">The default of layer_norm_eps.</param>
    public static Value PredictRobertaTokens(this EncodedText text, float epsilon = 1e-12f)
    {
        var head = text.Weights["lm_head"];
        return text.Hidden.Transform(head, "gelu", text.Json.Float("layer_norm_eps", epsilon), norm: "layer_norm")
            .ScoreTokens(head, text.Body["embeddings.word_embeddings"], text.Json);
    }
}
