using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>Audio Spectrogram Transformer: a Vision Transformer over overlapping patches of a mel spectrogram of fixed length.</summary>
/// <remarks>Source: arXiv:2104.01778; outputs of transformers 4.40 and 5.23, modeling_audio_spectrogram_transformer.py. B = batch,
/// N = patches, H = hidden size.</remarks>
internal static class AudioSpectrogramTransformer
{
    public static Architecture Architecture { get; } = new("audio-spectrogram-transformer", "MIT/ast-finetuned-audioset-10-10-0.4593",
    [
        new("ASTModel", ModelTask.FeatureExtraction, Model),
        new("ASTForAudioClassification", ModelTask.AudioClassification, AudioClassification),
    ]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 12);
        public int Heads { get; } = Json.Int("num_attention_heads", 12, minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "gelu");
        public float Epsilon { get; } = Json.Float("layer_norm_eps", 1e-12f);
        public int FrequencyStride { get; } = Json.Int("frequency_stride", 10, minimum: 1);
        public int TimeStride { get; } = Json.Int("time_stride", 10, minimum: 1);
        public int Length { get; } = Json.Int("max_length", 1024, minimum: 1);
        public int MelBins { get; } = Json.Int("num_mel_bins", 128, minimum: 1);
    }

    private static Outputs Model(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var hidden = Encode(graph, new Config(json), weights);
        return new Outputs { { "last_hidden_state", hidden }, { "pooler_output", Pool(hidden) } };
    }

    private static Outputs AudioClassification(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (config, head) = (new Config(json), weights["classifier"]);
        return Pool(Encode(graph, config, weights)).LayerNorm(head["layernorm"], config.Epsilon).Linear(head["dense"]).AsLogits();
    }

    // The mean of the two tokens that stand for all: [B, H].
    private static Value Pool(Value hidden) => (hidden.At(axis: 1, 0) + hidden.At(axis: 1, 1)) / 2;

    private static Value Encode(GraphBuilder graph, Config config, Weights weights)
    {
        var body = weights.Body("audio_spectrogram_transformer");
        weights.Ignore("classifier");
        var x = Embed(graph, body["embeddings"], config);
        for (var i = 0; i < config.Layers; i++)
            x = Layer(x, body[body.Has("layers") ? $"layers.{i}" : $"encoder.layer.{i}"], config);
        return x.LayerNorm(body["layernorm"], config.Epsilon);
    }

    // [B, 2 + N, H]
    private static Value Embed(GraphBuilder graph, Weights weights, Config config)
    {
        var spectrogram = graph.Input("input_values", ElementType.Float32, "batch_size", config.Length, config.MelBins);
        var projection = weights["patch_embeddings.projection"];
        var patches = spectrogram.Transpose(0, 2, 1).Unsqueeze(1) // rows are frequencies
            .Conv2D(projection.Kernel(), projection.Find("bias"), (config.FrequencyStride, config.TimeStride), padding: (0, 0)).ToTokens();
        return patches.Prepend(weights.Get("cls_token"), weights.Get("distillation_token")) + weights.Get("position_embeddings");
    }

    private static Value Layer(Value x, Weights weights, Config config)
    {
        // A state dict that transformers 5 saved as it is has the names of that version's modules.
        var (query, key, value, output, up, down) = weights.Has("attention.q_proj")
            ? ("attention.q_proj", "attention.k_proj", "attention.v_proj", "attention.o_proj", "mlp.fc1", "mlp.fc2")
            : ("attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense", "intermediate.dense", "output.dense");
        var normed = x.LayerNorm(weights["layernorm_before"], config.Epsilon);
        Value Heads(string name) => normed.Linear(weights[name]).SplitHeads(config.Heads);
        x = Heads(query).Attend(Heads(key), Heads(value), mask: null).Linear(weights[output]) + x;
        return x.LayerNorm(weights["layernorm_after"], config.Epsilon).Linear(weights[up]).Apply(config.Activation).Linear(weights[down]) + x;
    }
}
