using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>wav2vec 2.0 and the families that share its body: convolutions make frames of raw sound, a Transformer sees all of them.</summary>
/// <remarks>Source: arXiv:2006.11477, for MMS's adapters arXiv:2305.13516, UniSpeech arXiv:2101.07597, UniSpeech-SAT arXiv:2110.05752;
/// outputs of transformers 4.40 and 5.23, modeling_wav2vec2.py, modeling_unispeech.py and modeling_unispeech_sat.py.
/// B = batch, T = frames, H = hidden size.</remarks>
internal static class Wav2Vec2
{
    public static Architecture Architecture { get; } = Family("wav2vec2", "facebook/wav2vec2-base-960h", "Wav2Vec2", "wav2vec2",
        SpeechHeads.FrameClassification("Wav2Vec2"), SpeechHeads.XVector("Wav2Vec2"), SpeechHeads.PreTraining("Wav2Vec2"));
    public static Architecture UniSpeech { get; } = Family("unispeech", "microsoft/unispeech-1350-en-168-es-ft-1h", "UniSpeech", "unispeech");
    public static Architecture UniSpeechSat { get; } = Family("unispeech-sat", "microsoft/unispeech-sat-base-100h-libri-ft", "UniSpeechSat", "unispeech_sat",
        SpeechHeads.FrameClassification("UniSpeechSat"), SpeechHeads.XVector("UniSpeechSat"));

    private static Architecture Family(string modelType, string example, string className, string prefix, params SpeechHead[] others) =>
        SpeechHeads.Family(modelType, example, (graph, json, weights) => Encode(graph, json, weights, prefix),
            [SpeechHeads.Model(className), SpeechHeads.Ctc(className), SpeechHeads.SequenceClassification(className), .. others]);

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights, string prefix)
    {
        var (shape, frames, body) = (SpeechShape.Of(json), FrameEncoder.Of(json), weights.SpeechBody(prefix));
        var (samples, heard) = graph.Waveform();
        var lengths = frames.CountFrames(heard.Sum(axis: 1));
        var features = frames.Encode(samples, body["feature_extractor"]).LayerNorm(body["feature_projection.layer_norm"], shape.Epsilon); // [B, T, C]
        var attended = lengths.FirstFrames(features.Dim(1));
        var mask = attended.PaddingMask(features.Dim(1));

        var encoder = body["encoder"];
        var x = features.Linear(body["feature_projection.projection"]).Blank(attended);
        x += x.ConvolvePositions(encoder, json);
        Value Attend(Value states, Weights attention) => states.SpeechAttention(mask, attention, shape.Heads);
        var states = json.Bool("do_stable_layer_norm", false) ? x.PreNormLayers(encoder, shape, Attend) : x.PostNormLayers(encoder, shape, Attend);
        var (hidden, left) = states[^1].Adapter(lengths, body["adapter"], json);
        return new EncodedSpeech(hidden, left, states, features, json, weights);
    }
}
