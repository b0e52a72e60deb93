using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>HuBERT: wav2vec 2.0's body, in some checkpoints without the norm of frames, or with batch normalisation before the
/// convolution of positions.</summary>
/// <remarks>Source: arXiv:2106.07447; outputs of transformers 4.40 and 5.23, modeling_hubert.py. B = batch, T = frames, H = hidden size.</remarks>
internal static class Hubert
{
    public static Architecture Architecture { get; } = SpeechHeads.Family("hubert", "facebook/hubert-large-ls960-ft", Encode,
        SpeechHeads.Model("Hubert"), SpeechHeads.Ctc("Hubert"), SpeechHeads.SequenceClassification("Hubert"));

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (shape, frames, body) = (SpeechShape.Of(json), FrameEncoder.Of(json), weights.SpeechBody("hubert"));
        var (samples, heard) = graph.Waveform();
        var lengths = frames.CountFrames(heard.Sum(axis: 1));
        var features = frames.Encode(samples, body["feature_extractor"]); // [B, T, C]
        if (json.Bool("feat_proj_layer_norm", true))
            features = features.LayerNorm(body["feature_projection.layer_norm"], shape.Epsilon);
        var attended = lengths.FirstFrames(features.Dim(1));
        var mask = attended.PaddingMask(features.Dim(1));

        var encoder = body["encoder"];
        var x = features.Linear(body["feature_projection.projection"]).Blank(attended);
        x += json.Bool("conv_pos_batch_norm", false) ? NormalizedPositions(x, encoder["pos_conv_embed"], json) : x.ConvolvePositions(encoder, json);
        Value Attend(Value states, Weights attention) => states.SpeechAttention(mask, attention, shape.Heads);
        var states = json.Bool("do_stable_layer_norm", false) ? x.PreNormLayers(encoder, shape, Attend) : x.PostNormLayers(encoder, shape, Attend);
        return new EncodedSpeech(states[^1], lengths, states, Features: null, json, weights);
    }

    private static Value NormalizedPositions(Value x, Weights weights, ModelConfig json) =>
        x.Transpose(0, 2, 1).BatchNorm(weights["batch_norm"]).Transpose(0, 2, 1)
            .ConvolvePositions(weights["conv"].Get("weight"), weights["conv"].Get("bias"), json.Int("num_conv_pos_embeddings", 128, minimum: 1),
                json.Int("num_conv_pos_embedding_groups", 16, minimum: 1), json.Text("feat_extract_activation", "gelu"));
}
