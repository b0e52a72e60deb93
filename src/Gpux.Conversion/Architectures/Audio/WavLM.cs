using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>WavLM: wav2vec 2.0's body with relative positions in the attention, gated by what each frame holds.</summary>
/// <remarks>Source: arXiv:2110.13900; outputs of transformers 4.40 and 5.23, modeling_wavlm.py. B = batch, T = frames, H = hidden size,
/// D = size of a head.</remarks>
internal static class WavLM
{
    public static Architecture Architecture { get; } = SpeechHeads.Family("wavlm", "microsoft/wavlm-base-plus", Encode,
        SpeechHeads.Model("WavLM"), SpeechHeads.Ctc("WavLM"), SpeechHeads.SequenceClassification("WavLM"),
        SpeechHeads.FrameClassification("WavLM"), SpeechHeads.XVector("WavLM"));

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (shape, frames, body) = (SpeechShape.Of(json) with { HasAttentionAdapters = false }, FrameEncoder.Of(json), weights.SpeechBody("wavlm"));
        var (samples, heard) = graph.Waveform();
        var lengths = frames.CountFrames(heard.Sum(axis: 1));
        var features = frames.Encode(samples, body["feature_extractor"]).LayerNorm(body["feature_projection.layer_norm"], shape.Epsilon); // [B, T, C]
        var attended = lengths.FirstFrames(features.Dim(1));
        var mask = attended.PaddingMask(features.Dim(1));

        var encoder = body["encoder"];
        var x = features.Linear(body["feature_projection.projection"]).Blank(attended);
        x += x.ConvolvePositions(encoder, json);
        var bias = shape.Layers == 0 ? mask : PositionBias(graph, x.Dim(1), encoder["layers.0.attention.rel_attn_embed"], json);
        Value Attend(Value states, Weights attention) => Attention(states, mask, bias, attention, shape.Heads);
        var states = json.Bool("do_stable_layer_norm", false) ? x.PreNormLayers(encoder, shape, Attend) : x.PostNormLayers(encoder, shape, Attend);
        var (hidden, left) = states[^1].Adapter(lengths, body["adapter"], json);
        return new EncodedSpeech(hidden, left, states, features, json, weights);
    }

    // What all layers add to scores by the distance of query and key, before it is gated: [1, heads, T, T].
    private static Value PositionBias(GraphBuilder graph, Dim length, Weights table, ModelConfig json)
    {
        var (buckets, furthest) = (json.Int("num_buckets", 320, minimum: 4), json.Reach("max_bucket_distance", 800));
        var rows = graph.Distances(length).ByDistance(furthest, distance => Bucket(distance, buckets, furthest)); // [T, T]
        return rows.Embedding(table).Transpose(2, 0, 1).Unsqueeze(0);
    }

    // As T5's buckets, but that the sum with the exact ones is rounded to single precision before it is cut.
    private static long Bucket(int distance, int buckets, int furthest)
    {
        var ofSide = buckets / 2;
        var exact = ofSide / 2;
        var (first, steps) = (distance < 0 ? ofSide : 0, Math.Abs(distance));
        if (steps < exact)
            return first + steps;
        var grown = MathF.Log((float)steps / exact) / (float)Math.Log((double)furthest / exact) * (ofSide - exact);
        return first + Math.Min((long)(exact + grown), ofSide - 1);
    }

    private static Value Attention(Value x, Value mask, Value bias, Weights weights, int heads)
    {
        Value Heads(string name) => x.Linear(weights[name]).SplitHeads(heads);
        var gates = x.SplitHeads(heads).Linear(weights["gru_rel_pos_linear"]) // [B, heads, T, 8]
            .Reshape(Dim.Same, Dim.Same, Dim.Same, 2, 4).Sum(axis: 4).Sigmoid().Split(axis: 3, 1, 1); // [B, heads, T, 1] each
        var gate = gates[0] * (gates[1] * weights.Get("gru_rel_pos_const") - 1f) + 2f;
        return Heads("q_proj").Attend(Heads("k_proj"), Heads("v_proj"), gate * bias + mask).Linear(weights["out_proj"]);
    }
}
