using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What config.json says of a tower of CLIP and its kin.</summary>
internal sealed record TowerShape(int Layers, int Heads, string Activation, float Epsilon)
{
    /// <param name="heads">These are the defaults of the original class: files leave out what equals them.</param>
    public static TowerShape Of(ModelConfig json, int heads = 12, int layers = 12, string activation = "quick_gelu", float epsilon = 1e-5f) =>
        new(json.LayerCount("num_hidden_layers", layers), json.Int("num_attention_heads", heads, minimum: 1),
            json.Text("hidden_act", activation), json.Float("layer_norm_eps", epsilon));
}

/// <summary>What a tower makes of its texts or images.</summary>
/// <param name="Hidden">The last hidden state: [B, S, H].</param>
/// <param name="Pooled">One vector of each text or image: [B, H]. Null of a tower that was built without.</param>
internal sealed record Tower(Value Hidden, Value? Pooled)
{
    /// <exception cref="UnsupportedModelException">The tower has none.</exception>
    public Value RequirePooled() => Pooled ?? throw new UnsupportedModelException("A tower of this model does not sum up what it sees (vision_use_head is false).",
        "Take its hidden states: name the class of the tower alone with --class.");
}

/// <summary>The towers of CLIP (arXiv:2103.00020) and the parts that its kin share. B = batch, S = tokens, H = hidden size.</summary>
internal static class ClipTowers
{
    /// <summary>Layers that normalise before each sub-layer, the modules "layers.0" and so on.</summary>
    public static Value ClipLayers(this Value x, Value? mask, Weights encoder, TowerShape shape) => x.ClipStates(mask, encoder, shape)[^1];

    /// <summary>What goes into the layers, and what comes out of each.</summary>
    public static IReadOnlyList<Value> ClipStates(this Value x, Value? mask, Weights encoder, TowerShape shape)
    {
        var states = new List<Value> { x };
        var layers = encoder.Has("layers") ? encoder["layers"] : encoder["layer"];
        for (var i = 0; i < shape.Layers; i++)
            states.Add(states[^1].ClipLayer(mask, layers[$"{i}"], shape));
        return states;
    }

    public static Value ClipLayer(this Value x, Value? mask, Weights weights, TowerShape shape)
    {
        x += x.LayerNorm(weights["layer_norm1"], shape.Epsilon).ClipAttention(mask, weights["self_attn"], shape.Heads);
        return x + x.LayerNorm(weights["layer_norm2"], shape.Epsilon).ClipPerceptron(weights["mlp"], shape.Activation);
    }

    /// <summary>Self-attention by the modules "q_proj", "k_proj", "v_proj" and "out_proj".</summary>
    public static Value ClipAttention(this Value x, Value? mask, Weights weights, int heads) => x.CrossAttention(x, x, mask, weights, heads);

    /// <summary>Attention of <paramref name="x"/> to other tokens by the modules "q_proj", "k_proj", "v_proj" and "out_proj".</summary>
    public static Value CrossAttention(this Value x, Value keys, Value values, Value? mask, Weights weights, int heads) =>
        x.Linear(weights["q_proj"]).SplitHeads(heads)
            .Attend(keys.Linear(weights["k_proj"]).SplitHeads(heads), values.Linear(weights["v_proj"]).SplitHeads(heads), mask)
            .Linear(weights["out_proj"]);

    /// <summary>The modules "fc1" and "fc2".</summary>
    public static Value ClipPerceptron(this Value x, Weights weights, string activation) => x.Perceptron(weights["fc1"], weights["fc2"], activation);

    /// <summary>Embeddings of tokens and their positions: [B, S, H].</summary>
    public static Value EmbedClipTokens(this TextInputs inputs, Weights embeddings)
    {
        embeddings.Ignore("position_ids");
        return inputs.Ids.Embedding(embeddings["token_embedding"]) + inputs.Ids.LearnedPositions(embeddings["position_embedding"]);
    }

    /// <summary>A text in which each token sees those before it. It is summed up where it ends.</summary>
    /// <param name="end">The token that ends a text; null where the highest number does.</param>
    public static Tower ClipText(this TextInputs inputs, Weights weights, TowerShape shape, int? end)
    {
        var hidden = inputs.EmbedClipTokens(weights["embeddings"])
            .ClipLayers(inputs.Attended.CausalMask(inputs.Length), weights["encoder"], shape).LayerNorm(weights["final_layer_norm"], shape.Epsilon);
        return new Tower(hidden, hidden.AtEnd(inputs.Ids, end));
    }

    /// <summary>The state of the first token that ends the text, or of the first with the highest number: [B, H].</summary>
    public static Value AtEnd(this Value hidden, Value ids, int? end)
    {
        var marks = end is { } token ? ids.EqualTo(token).Cast(ElementType.Int32) : ids.Cast(ElementType.Int32);
        var place = marks.ArgMax(axis: 1, keep: true).Unsqueeze(2).Expand(hidden.Dim(0), 1, hidden.Dim(2)); // [B, 1, H]
        return hidden.GatherElements(place, axis: 1).Squeeze(1);
    }

    /// <summary>The token that ends a text for <see cref="AtEnd"/>. The first configurations say 2, which is wrong, and mean the highest number.</summary>
    public static int? EndOfText(this ModelConfig json, int absent = 49407) => json.Int("eos_token_id", absent) is not 2 and var end ? end : null;

    /// <summary>The image, float [B, channels, height, width].</summary>
    /// <param name="rows">The symbol of their number.</param>
    public static Value Pixels(this GraphBuilder graph, int channels, string rows) =>
        graph.Input("pixel_values", ElementType.Float32, rows, channels, "height", "width");

    /// <summary>Embeddings of a class token, where there is one, and of patches, with positions fitted to the image: [B, 1 + N, H].</summary>
    public static Value EmbedClipPatches(this Value map, ModelConfig json, Weights embeddings, int imageSize, int patchSize)
    {
        embeddings.Ignore("position_ids");
        var (size, patch) = (json.Size("image_size", imageSize), json.Size("patch_size", patchSize));
        var table = embeddings.Get("position_embedding.weight", "position_embedding");
        var tokens = map.ToTokens();
        var width = tokens.Dim(2);
        var hasClass = embeddings.Has("class_embedding");
        if (hasClass)
            tokens = tokens.Prepend(embeddings.Get("class_embedding").Reshape(1, 1, width));
        return tokens + table.Reshape(1, Dim.Rest, width).FitPositions(hasClass ? 1 : 0, (size.Height / patch.Height, size.Width / patch.Width), map);
    }

    /// <summary>An image, which is summed up by its class token. The hidden state is not normalised, the vector is.</summary>
    public static Tower ClipImage(this GraphBuilder graph, ModelConfig json, Weights weights, string rows, int imageSize = 224, int patchSize = 32)
    {
        var shape = TowerShape.Of(json);
        var hidden = graph.ClipMap(json, weights, rows).ClipImageStates(json, weights, shape, imageSize, patchSize)[^1];
        return new Tower(hidden, hidden.FirstToken().LayerNorm(weights["post_layernorm"], shape.Epsilon));
    }

    /// <summary>The projected patches of the input: [B, H, rows, columns].</summary>
    public static Value ClipMap(this GraphBuilder graph, ModelConfig json, Weights weights, string rows) =>
        graph.Pixels(json.Channels(), rows).Project(weights["embeddings.patch_embedding"]);

    /// <summary>What goes into the layers of an image's tower, and what comes out of each.</summary>
    public static IReadOnlyList<Value> ClipImageStates(this Value map, ModelConfig json, Weights weights, TowerShape shape, int imageSize = 224, int patchSize = 32) =>
        map.EmbedClipPatches(json, weights["embeddings"], imageSize, patchSize)
            // The first name is the original's slip of the pen.
            .LayerNorm(weights[weights.Has("pre_layrnorm") ? "pre_layrnorm" : "pre_layernorm"], shape.Epsilon)
            .ClipStates(mask: null, weights["encoder"], shape);
}
