using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What config.json says of an encoder of speech. The defaults are those of the original classes.</summary>
/// <param name="HasAttentionAdapters">Whether each layer ends with a small adapter, as the layers of MMS do.</param>
internal sealed record SpeechShape(int Layers, int Heads, string Activation, float Epsilon, bool HasAttentionAdapters)
{
    public static SpeechShape Of(ModelConfig json) => new(json.LayerCount("num_hidden_layers", 12), json.Int("num_attention_heads", 12, minimum: 1),
        json.Text("hidden_act", "gelu"), json.Float("layer_norm_eps", 1e-5f), json.Has("adapter_attn_dim"));
}

/// <summary>The parts of wav2vec 2.0 (arXiv:2006.11477) that its kin share. B = batch, T = frames, H = hidden size.</summary>
internal static class SpeechEncoder
{
    // PyTorch's default, which no configuration changes.
    private const float AdapterEpsilon = 1e-5f;

    /// <summary>Raw sound, float [B, samples], and which samples are no padding, int64 of the same shape.</summary>
    public static (Value Samples, Value Attended) Waveform(this GraphBuilder graph) =>
        (graph.Input("input_values", ElementType.Float32, "batch_size", "sequence_length"),
            graph.Input("attention_mask", ElementType.Int64, "batch_size", "sequence_length"));

    /// <summary>A convolution over neighbours that tells where a frame is: [B, T, H]. With a kernel of even size it sees one frame more
    /// before than behind.</summary>
    /// <param name="size">The size that config.json states.</param>
    public static Value ConvolvePositions(this Value x, Value kernel, Value bias, int size, int groups, string activation, int stride = 1)
    {
        if (kernel.Rank != 3 || !kernel.Dim(2).MayEqual(size))
            throw new GraphException("Conv", $"The kernel {kernel} is not of the size {size} that config.json states.");
        return x.Transpose(0, 2, 1).Conv1D(kernel, bias, stride, padding: (size / 2, (size - 1) / 2), groups).Apply(activation).Transpose(0, 2, 1);
    }

    /// <summary>The same by the module "pos_conv_embed.conv", whose weight is normalised.</summary>
    public static Value ConvolvePositions(this Value x, Weights encoder, ModelConfig json, int stride = 1)
    {
        var convolution = encoder["pos_conv_embed.conv"];
        return x.ConvolvePositions(convolution.NormalizedWeight(axis: 2), convolution.Get("bias"), json.Int("num_conv_pos_embeddings", 128, minimum: 1),
            json.Int("num_conv_pos_embedding_groups", 16, minimum: 1), json.Text("feat_extract_activation", "gelu"), stride);
    }

    /// <summary>Layers that normalise after each residual sum.</summary>
    /// <param name="attend">Makes of states and the module "attention" what is added to the states.</param>
    /// <returns>What enters the first layer, and what each layer gives.</returns>
    public static List<Value> PostNormLayers(this Value x, Weights encoder, SpeechShape shape, Func<Value, Weights, Value> attend)
    {
        x = x.LayerNorm(encoder["layer_norm"], shape.Epsilon);
        var states = new List<Value> { x };
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = encoder[$"layers.{i}"];
            x = (x + attend(x, layer["attention"])).LayerNorm(layer["layer_norm"], shape.Epsilon);
            x = (x + x.SpeechFeedForward(layer["feed_forward"], shape.Activation)).LayerNorm(layer["final_layer_norm"], shape.Epsilon);
            states.Add(x);
        }
        return states;
    }

    /// <summary>Layers that normalise before each sub-layer, and once behind the last one.</summary>
    /// <inheritdoc cref="PostNormLayers"/>
    public static List<Value> PreNormLayers(this Value x, Weights encoder, SpeechShape shape, Func<Value, Weights, Value> attend)
    {
        var states = new List<Value> { x };
        for (var i = 0; i < shape.Layers; i++)
        {
            var layer = encoder[$"layers.{i}"];
            x += attend(x.LayerNorm(layer["layer_norm"], shape.Epsilon), layer["attention"]);
            x += x.LayerNorm(layer["final_layer_norm"], shape.Epsilon).SpeechFeedForward(layer["feed_forward"], shape.Activation);
            if (shape.HasAttentionAdapters)
                x += x.Adapt(layer["adapter_layer"]);
            states.Add(x);
        }
        states[^1] = x.LayerNorm(encoder["layer_norm"], shape.Epsilon);
        return states;
    }

    /// <summary>Self-attention by the modules "q_proj", "k_proj", "v_proj" and "out_proj".</summary>
    public static Value SpeechAttention(this Value x, Value mask, Weights weights, int heads)
    {
        Value Heads(string name) => x.Linear(weights[name]).SplitHeads(heads);
        return Heads("q_proj").Attend(Heads("k_proj"), Heads("v_proj"), mask).Linear(weights["out_proj"]);
    }

    /// <summary>The modules "intermediate_dense" and "output_dense".</summary>
    public static Value SpeechFeedForward(this Value x, Weights weights, string activation) =>
        x.Linear(weights["intermediate_dense"]).Apply(activation).Linear(weights["output_dense"]);

    /// <summary>The first half of the last axis, gated by the sigmoid of the second (arXiv:1612.08083).</summary>
    public static Value Glu(this Value x)
    {
        var half = x.Dim(-1).Size!.Value / 2; // projections have known widths
        var parts = x.Split(axis: -1, half, half);
        return parts[0] * parts[1].Sigmoid();
    }

    /// <summary>Convolutions with strides behind the encoder, which make fewer frames; without add_adapter the states as they are.</summary>
    /// <param name="lengths">int64 [B]: how many frames are no padding.</param>
    public static (Value Hidden, Value Lengths) Adapter(this Value hidden, Value lengths, Weights adapter, ModelConfig json)
    {
        if (!json.Bool("add_adapter", false))
            return (hidden, lengths);
        if (adapter.Has("proj"))
            hidden = hidden.Linear(adapter["proj"]).LayerNorm(adapter["proj_layer_norm"], AdapterEpsilon);
        var stride = json.Int("adapter_stride", 2, minimum: 1);
        for (var i = 0; i < json.LayerCount("num_adapter_layers", 3); i++)
        {
            var convolution = adapter[$"layers.{i}.conv"];
            hidden = hidden.Transpose(0, 2, 1).Conv1D(convolution.Get("weight"), convolution.Get("bias"), stride, padding: (1, 1))
                .Transpose(0, 2, 1).Glu();
            lengths = lengths.CountWindows(1, stride);
        }
        return (hidden, lengths);
    }

    private static Value Adapt(this Value x, Weights weights) =>
        x.LayerNorm(weights["norm"], AdapterEpsilon).Linear(weights["linear_1"]).Relu().Linear(weights["linear_2"]);
}
