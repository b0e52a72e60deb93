using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>wav2vec 2.0 with the layers of the Conformer, and relative or rotary positions.</summary>
/// <remarks>Source: arXiv:2010.05171 (fairseq S2T); outputs of transformers 5.23, modeling_wav2vec2_conformer.py. B = batch, T = frames,
/// H = hidden size, D = size of a head.</remarks>
internal static class Wav2Vec2Conformer
{
    // PyTorch's default, which no configuration changes.
    private const float LayerEpsilon = 1e-5f;

    public static Architecture Architecture { get; } = SpeechHeads.Family("wav2vec2-conformer", "facebook/wav2vec2-conformer-rope-large-960h-ft", Encode,
        SpeechHeads.Model("Wav2Vec2Conformer"), SpeechHeads.Ctc("Wav2Vec2Conformer"), SpeechHeads.SequenceClassification("Wav2Vec2Conformer"),
        SpeechHeads.FrameClassification("Wav2Vec2Conformer"), SpeechHeads.XVector("Wav2Vec2Conformer"), SpeechHeads.PreTraining("Wav2Vec2Conformer"));

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (shape, frames, body) = (SpeechShape.Of(json), FrameEncoder.Of(json), weights.SpeechBody("wav2vec2_conformer"));
        var (samples, heard) = graph.Waveform();
        var lengths = frames.CountFrames(heard.Sum(axis: 1));
        var features = frames.Encode(samples, body["feature_extractor"]).LayerNorm(body["feature_projection.layer_norm"], shape.Epsilon); // [B, T, C]
        var attended = lengths.FirstFrames(features.Dim(1));
        var mask = attended.PaddingMask(features.Dim(1));

        var encoder = body["encoder"];
        encoder.Ignore("pos_conv_embed"); // the original has it, and does not use it
        var x = features.Linear(body["feature_projection.projection"]).Blank(attended);
        var attend = Attention(graph, x, mask, encoder["embed_positions"], json, shape);
        var states = new List<Value> { x };
        for (var i = 0; i < shape.Layers; i++)
            states.Add(x = Layer(x, encoder[$"layers.{i}"], json, shape, attend));
        states[^1] = x.LayerNorm(encoder["layer_norm"], shape.Epsilon);
        var (hidden, left) = states[^1].Adapter(lengths, body["adapter"], json);
        return new EncodedSpeech(hidden, left, states, features, json, weights);
    }

    private static Value Layer(Value x, Weights weights, ModelConfig json, SpeechShape shape, Func<Value, Weights, Value> attend)
    {
        x += x.LayerNorm(weights["ffn1_layer_norm"], LayerEpsilon).SpeechFeedForward(weights["ffn1"], shape.Activation) * 0.5f;
        x += attend(x.LayerNorm(weights["self_attn_layer_norm"], LayerEpsilon), weights["self_attn"]);
        x += Convolve(x, weights["conv_module"], json, shape);
        x += x.LayerNorm(weights["ffn2_layer_norm"], LayerEpsilon).SpeechFeedForward(weights["ffn2"], shape.Activation) * 0.5f;
        return x.LayerNorm(weights["final_layer_norm"], LayerEpsilon);
    }

    private static Value Convolve(Value x, Weights weights, ModelConfig json, SpeechShape shape)
    {
        var size = json.DepthwiseSize("conv_depthwise_kernel_size", 31);
        return x.LayerNorm(weights["layer_norm"], LayerEpsilon).PointwiseConvolution(weights["pointwise_conv1"]).Glu()
            .Transpose(0, 2, 1).DepthwiseConvolution(weights["depthwise_conv"], size, (size / 2, size / 2))
            .BatchNorm(weights["batch_norm"]).Apply(shape.Activation)
            .Transpose(0, 2, 1).PointwiseConvolution(weights["pointwise_conv2"]);
    }

    /// <summary>Self-attention with the kind of positions that config.json states, by the modules "linear_q" and so on.</summary>
    /// <param name="x">What enters the layers: [B, T, H].</param>
    /// <param name="embeddings">May hold the wavelengths of rotary positions.</param>
    internal static Func<Value, Weights, Value> Attention(GraphBuilder graph, Value x, Value mask, Weights embeddings, ModelConfig json, SpeechShape shape)
    {
        var (length, width) = (x.Dim(1), (int)x.Dim(2).Size!.Value); // projections have known widths
        Value Heads(Value states, Weights projection) => states.Linear(projection).SplitHeads(shape.Heads);
        if (json.IsNull("position_embeddings_type"))
            return (states, weights) => Heads(states, weights["linear_q"]).Attend(Heads(states, weights["linear_k"]), Heads(states, weights["linear_v"]), mask)
                .Linear(weights["linear_out"]);
        switch (json.Text("position_embeddings_type", "relative"))
        {
            case "relative":
                var distances = graph.SinusoidalDistances(length, Frequencies(width));
                return (states, weights) => Heads(states, weights["linear_q"]).AttendRelative(Heads(states, weights["linear_k"]),
                    Heads(states, weights["linear_v"]), distances.Linear(weights["linear_pos"]), weights.Get("pos_bias_u"), weights.Get("pos_bias_v"), mask)
                    .Linear(weights["linear_out"]);
            case "rotary":
                var rotations = Rotations(graph, length, width / shape.Heads, embeddings, json);
                return (states, weights) =>
                {
                    // What turns is not queries and keys, but what they are made of.
                    var turned = states.SplitHeads(shape.Heads).Rotate(rotations).JoinHeads();
                    return Heads(turned, weights["linear_q"]).Attend(Heads(turned, weights["linear_k"]), Heads(states, weights["linear_v"]), mask)
                        .Linear(weights["linear_out"]);
                };
            default:
                throw json.Invalid("position_embeddings_type", "relative or rotary was expected");
        }
    }

    // As the original computes them, in single precision.
    private static float[] Frequencies(int width)
    {
        var frequencies = new float[width / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = MathF.Exp(2 * i * (float)-(Math.Log(10_000) / width));
        return frequencies;
    }

    // The file's own wavelengths count if it has some.
    private static (Value Cosines, Value Sines) Rotations(GraphBuilder graph, Dim length, int size, Weights embeddings, ModelConfig json)
    {
        if (embeddings.Find("inv_freq") is not { } frequencies)
            return graph.Rotations(length, size, json.Float("rotary_embedding_base", 10_000));
        var angles = graph.Extent(length).Range(length).Cast(ElementType.Float32).Unsqueeze(1) * frequencies.Unsqueeze(0); // [T, D / 2]
        return (angles.Cos(), angles.Sin());
    }
}
