using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Layers that families of vision transformers share. B = batch, S = tokens, H = hidden size.</summary>
internal static class VisionLayers
{
    /// <summary>Layers of the first Vision Transformer (arXiv:2010.11929), one after another: attention and a perceptron, each behind a normalisation.</summary>
    /// <param name="body">Holds the layers, "encoder.layer.0" and so on, or "layers.0" as version 5 of the library names its modules.</param>
    public static Value ViTLayers(this Value x, Weights body, int count, int heads, string activation, float epsilon)
    {
        for (var i = 0; i < count; i++)
            x = x.ViTLayer(body[body.Has("layers") ? $"layers.{i}" : $"encoder.layer.{i}"], heads, activation, epsilon);
        return x;
    }

    /// <inheritdoc cref="ViTLayers"/>
    public static Value ViTLayer(this Value x, Weights weights, int heads, string activation, float epsilon)
    {
        // A state dict that transformers 5 saved as it is has the names of that version's modules.
        var (query, key, value, output, up, down) = weights.Has("attention.q_proj")
            ? ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj", "mlp.fc1", "mlp.fc2")
            : ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense", "intermediate.dense", "output.dense");
        var normed = x.LayerNorm(weights["layernorm_before"], epsilon);
        Value Heads(string name) => normed.Linear(weights[name]).SplitHeads(heads);
        x = Heads(query).Attend(Heads(key), Heads(value), mask: null).Linear(weights[output]) + x;
        return x.LayerNorm(weights["layernorm_after"], epsilon).Perceptron(weights[up], weights[down], activation) + x;
    }

    /// <summary>Two projections with a function between them.</summary>
    public static Value Perceptron(this Value x, Weights up, Weights down, string activation) => x.Linear(up).Apply(activation).Linear(down);

    /// <summary>Multiplies by a learned factor for each channel, if the module has them.</summary>
    public static Value Scale(this Value x, Weights weights, string name) => weights.Find(name) is { } factors ? x * factors : x;
}
