using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>Whisper's encoder of log-mel spectrograms of a fixed length, with a classifier on top.</summary>
/// <remarks>Source: arXiv:2212.04356; outputs of transformers 5.23, modeling_whisper.py. B = batch, T = frames, H = hidden size.</remarks>
internal static class Whisper
{
    // PyTorch's default, which no configuration changes.
    private const float Epsilon = 1e-5f;

    public static Architecture Architecture { get; } = new("whisper", "sanchit-gandhi/whisper-medium-fleurs-lang-id",
    [
        new("WhisperForAudioClassification", ModelTask.AudioClassification, AudioClassification),
    ]);

    private static Outputs AudioClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        weights.Ignore("layer_weights");
        var states = Encode(graph, json, weights["encoder"]);
        return SpeechHeads.Summed(states[^1], states, json, weights).Linear(weights["projector"]).Mean(axis: 1).Linear(weights["classifier"]).AsLogits();
    }

    // What enters the first layer, and what each layer gives, the last one normalised: [B, T, H] each.
    private static List<Value> Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (heads, activation) = (json.Int("encoder_attention_heads", 6, minimum: 1), json.Text("activation_function", "gelu"));
        var positions = weights["embed_positions"].Get("weight");
        // Two frames of the spectrogram become one; all positions are used.
        var features = graph.Input("input_features", ElementType.Float32, "batch_size", json.Int("num_mel_bins", 80, minimum: 1), positions.Dim(0) * 2);
        Value Convolve(Value input, string name, int stride) =>
            input.Conv1D(weights[name].Get("weight"), weights[name].Get("bias"), stride, padding: (1, 1)).Gelu();
        var x = Convolve(Convolve(features, "conv1", stride: 1), "conv2", stride: 2).Transpose(0, 2, 1) + positions;
        var states = new List<Value> { x };
        for (var i = 0; i < json.LayerCount("encoder_layers", 4); i++)
        {
            var layer = weights[$"layers.{i}"];
            x += x.LayerNorm(layer["self_attn_layer_norm"], Epsilon).SpeechAttention(mask: null, layer["self_attn"], heads);
            x += x.LayerNorm(layer["final_layer_norm"], Epsilon).Linear(layer["fc1"]).Apply(activation).Linear(layer["fc2"]);
            states.Add(x);
        }
        states[^1] = x.LayerNorm(weights["layer_norm"], Epsilon);
        return states;
    }
}
