using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>data2vec for speech: wav2vec 2.0's body with several small convolutions of positions instead of one large one.</summary>
/// <remarks>Source: arXiv:2202.03555; outputs of transformers 5.23, modeling_data2vec_audio.py. B = batch, T = frames, H = hidden size.</remarks>
internal static class Data2VecAudio
{
    // PyTorch's default, which no configuration changes.
    private const float PositionsEpsilon = 1e-5f;

    public static Architecture Architecture { get; } = SpeechHeads.Family("data2vec-audio", "facebook/data2vec-audio-base-960h", Encode,
        SpeechHeads.Model("Data2VecAudio"), SpeechHeads.Ctc("Data2VecAudio"), SpeechHeads.SequenceClassification("Data2VecAudio"),
        SpeechHeads.FrameClassification("Data2VecAudio"), SpeechHeads.XVector("Data2VecAudio"));

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        // The family's convolutions always normalise frames, whatever the file says.
        var (shape, frames, body) = (SpeechShape.Of(json), FrameEncoder.Of(json) with { NormalizesFrames = true }, weights.SpeechBody("data2vec_audio"));
        var (samples, heard) = graph.Waveform();
        var lengths = frames.CountFrames(heard.Sum(axis: 1));
        var features = frames.Encode(samples, body["feature_extractor"]).LayerNorm(body["feature_projection.layer_norm"], shape.Epsilon); // [B, T, C]
        var attended = lengths.FirstFrames(features.Dim(1));
        var mask = attended.PaddingMask(features.Dim(1));

        var encoder = body["encoder"];
        var x = features.Linear(body["feature_projection.projection"]).Blank(attended);
        x += Positions(x, encoder["pos_conv_embed"], json);
        var states = x.PostNormLayers(encoder, shape, (states, attention) => states.SpeechAttention(mask, attention, shape.Heads));
        var (hidden, left) = states[^1].Adapter(lengths, body["adapter"], json);
        return new EncodedSpeech(hidden, left, states, features, json, weights);
    }

    private static Value Positions(Value x, Weights weights, ModelConfig json)
    {
        var (size, groups) = (json.Int("conv_pos_kernel_size", 19, minimum: 1), json.Int("num_conv_pos_embedding_groups", 16, minimum: 1));
        var width = x.Dim(2).Size!.Value; // projections have known widths
        var ones = new float[width];
        Array.Fill(ones, 1);
        for (var i = 0; i < json.LayerCount("num_conv_pos_embeddings", 5); i++)
        {
            var convolution = weights[$"layers.{i}.conv"];
            x = x.ConvolvePositions(convolution.Get("weight"), convolution.Get("bias"), size, groups, activation: "linear")
                .LayerNormalization(x.Graph.Constant(ones, width), shift: null, PositionsEpsilon).Apply(json.Text("feat_extract_activation", "gelu"));
        }
        return x;
    }
}
