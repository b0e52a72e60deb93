using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>Parakeet: NVIDIA's Fast Conformer, which makes one frame of eight by convolutions over time and frequency before its layers.</summary>
/// <remarks>Source: arXiv:2305.05084; outputs of transformers 5.23, modeling_parakeet.py. B = batch, T = frames, H = hidden size,
/// D = size of a head.</remarks>
internal static class Parakeet
{
    // PyTorch's default, which no configuration changes.
    private const float Epsilon = 1e-5f;

    public static Architecture Architecture { get; } = new("parakeet_ctc", "nvidia/parakeet-ctc-1.1b",
    [
        new("ParakeetEncoder", ModelTask.FeatureExtraction, (graph, json, weights) => new() { { "last_hidden_state", Encode(graph, json, weights) } }),
        new("ParakeetForCTC", ModelTask.AutomaticSpeechRecognition, RecognizeSpeech),
    ]);

    /// <summary>The encoder alone, which has a configuration of its own.</summary>
    public static Architecture Encoder { get; } = new("parakeet_encoder", "nvidia/parakeet-ctc-1.1b", [Architecture.Heads[0]]);

    private static Outputs RecognizeSpeech(GraphBuilder graph, ModelConfig json, Weights weights) =>
        Encode(graph, json, weights).PointwiseConvolution(weights["ctc_head"]).AsLogits();

    private static Value Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var config = new Config(json.Has("encoder_config") ? json.Section("encoder_config") : json);
        var body = weights;
        if (weights.Has("encoder"))
        {
            body = weights["encoder"];
            weights.Ignore("ctc_head");
        }
        body.Ignore("encode_positions");
        var features = graph.Input("input_features", ElementType.Float32, "batch_size", "sequence_length", config.MelBins);
        var heard = graph.Input("attention_mask", ElementType.Int64, "batch_size", "sequence_length");
        var (x, lengths) = Subsample(features, heard.Sum(axis: 1), body["subsampling"], config);
        if (config.ScalesInput)
            x *= MathF.Sqrt(x.Dim(2).Size!.Value); // projections have known widths
        var attended = lengths.FirstFrames(x.Dim(1));
        // No frame sees padding, and padding sees no frame: its scores are all alike, and so its weights. Half of the lowest number, since
        // ONNX Runtime's Attention makes rows of the lowest zero.
        var seen = attended.Unsqueeze(1, 2) * attended.Unsqueeze(1, 3); // [B, 1, T, T]
        var mask = (1f - seen.Cast(ElementType.Float32)) * (SelfAttention.Masked / 2);
        var distances = graph.SinusoidalDistances(x.Dim(1), (int)x.Dim(2).Size!.Value); // as above
        for (var i = 0; i < config.Layers; i++)
            x = Layer(x, attended, mask, distances, body[$"layers.{i}"], config);
        return x;
    }

    // Halves time and frequency step by step; frames that are padding are zero at each: [B, T, H], and how many are no padding, int64 [B].
    private static (Value Frames, Value Lengths) Subsample(Value features, Value lengths, Weights weights, Config config)
    {
        var (x, padding) = (features.Unsqueeze(1), (config.SubsamplingSize - 1) / 2); // [B, 1, T, mel bins]
        Value Convolve(int layer, int stride, int pad, int groups)
        {
            var module = weights[$"layers.{layer}"];
            var convolved = x.Conv2D(module.Get("weight"), module.Get("bias"), (stride, stride), (pad, pad), groups);
            return convolved * lengths.FirstFrames(convolved.Dim(2)).Cast(ElementType.Float32).Unsqueeze(1, 3);
        }
        for (var i = 0; i < config.SubsamplingLayers; i++)
        {
            lengths = lengths.CountWindows(config.SubsamplingSize, config.SubsamplingStride, padding);
            if (i == 0)
                x = Convolve(0, config.SubsamplingStride, padding, groups: 1).Relu();
            else
            {
                x = Convolve(3 * i - 1, config.SubsamplingStride, padding, config.SubsamplingChannels); // each channel by itself
                x = Convolve(3 * i, stride: 1, pad: 0, groups: 1).Relu();
            }
        }
        var rows = x.Transpose(0, 2, 1, 3);
        return (rows.Reshape(Dim.Same, Dim.Same, x.Dim(1) * x.Dim(3)).Linear(weights["linear"]), lengths);
    }

    private static Value Layer(Value x, Value attended, Value mask, Value distances, Weights weights, Config config)
    {
        Value FeedForward(string name) => x.LayerNorm(weights[$"norm_{name}"], Epsilon)
            .Linear(weights[name]["linear1"]).Apply(config.Activation).Linear(weights[name]["linear2"]) * 0.5f;
        x += FeedForward("feed_forward1");
        x += Attention(x.LayerNorm(weights["norm_self_att"], Epsilon), mask, distances, weights["self_attn"], config);
        x += Convolve(x.LayerNorm(weights["norm_conv"], Epsilon), attended, weights["conv"], config);
        x += FeedForward("feed_forward2");
        return x.LayerNorm(weights["norm_out"], Epsilon);
    }

    private static Value Attention(Value x, Value mask, Value distances, Weights weights, Config config)
    {
        Value Heads(string name, int heads) => x.Linear(weights[name]).SplitHeads(heads);
        var times = config.Heads / config.KeyHeads;
        return Heads("q_proj", config.Heads).AttendRelative(Heads("k_proj", config.KeyHeads).RepeatHeads(times), Heads("v_proj", config.KeyHeads).RepeatHeads(times),
                distances.Linear(weights["relative_k_proj"]), weights.Get("bias_u"), weights.Get("bias_v"), mask)
            .Linear(weights["o_proj"]);
    }

    private static Value Convolve(Value x, Value attended, Weights weights, Config config) =>
        x.PointwiseConvolution(weights["pointwise_conv1"]).Glu().Blank(attended)
            .Transpose(0, 2, 1).DepthwiseConvolution(weights["depthwise_conv"], config.KernelSize, (config.KernelSize / 2, config.KernelSize / 2))
            .BatchNorm(weights["norm"]).Apply(config.Activation)
            .Transpose(0, 2, 1).PointwiseConvolution(weights["pointwise_conv2"]);

    // Defaults are those of the original class: files leave out what equals them.
    private sealed record Config(ModelConfig Json)
    {
        public int Layers { get; } = Json.LayerCount("num_hidden_layers", 24);
        public int Heads { get; } = Json.Int("num_attention_heads", 8, minimum: 1);
        public int KeyHeads { get; } = Json.Int("num_key_value_heads", Json.Int("num_attention_heads", 8, minimum: 1), minimum: 1);
        public string Activation { get; } = Json.Text("hidden_act", "silu");
        public int KernelSize { get; } = Json.DepthwiseSize("conv_kernel_size", 9);
        public int MelBins { get; } = Json.Int("num_mel_bins", 80, minimum: 1);
        public bool ScalesInput { get; } = Json.Bool("scale_input", true);
        public int SubsamplingChannels { get; } = Json.Int("subsampling_conv_channels", 256, minimum: 1);
        public int SubsamplingSize { get; } = Json.Int("subsampling_conv_kernel_size", 3, minimum: 1);
        public int SubsamplingStride { get; } = Json.Int("subsampling_conv_stride", 2, minimum: 1);
        public int SubsamplingLayers { get; } = (int)Math.Log2(Json.Int("subsampling_factor", 8, minimum: 2));
    }
}
