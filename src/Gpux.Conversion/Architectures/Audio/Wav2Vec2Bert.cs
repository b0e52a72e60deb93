using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>W2v-BERT 2.0: Conformer layers with causal convolutions over frames of a mel spectrogram, two of these side by side.</summary>
/// <remarks>Source: arXiv:2312.05187; outputs of transformers 5.23, modeling_wav2vec2_bert.py. B = batch, T = frames, H = hidden size,
/// D = size of a head.</remarks>
internal static class Wav2Vec2Bert
{
    public static Architecture Architecture { get; } = SpeechHeads.Family("wav2vec2-bert", "facebook/w2v-bert-2.0", Encode,
        SpeechHeads.Model("Wav2Vec2Bert"), SpeechHeads.Ctc("Wav2Vec2Bert"), SpeechHeads.SequenceClassification("Wav2Vec2Bert"),
        SpeechHeads.FrameClassification("Wav2Vec2Bert"), SpeechHeads.XVector("Wav2Vec2Bert"));

    private static SpeechShape ShapeOf(ModelConfig json) => new(json.LayerCount("num_hidden_layers", 24), json.Int("num_attention_heads", 16, minimum: 1),
        json.Text("hidden_act", "swish"), json.Float("layer_norm_eps", 1e-5f), HasAttentionAdapters: false);

    private static EncodedSpeech Encode(GraphBuilder graph, ModelConfig json, Weights weights)
    {
        var (shape, body) = (ShapeOf(json), weights.SpeechBody("wav2vec2_bert"));
        var input = graph.Input("input_features", ElementType.Float32, "batch_size", "sequence_length", json.Int("feature_projection_input_dim", 160, minimum: 1));
        var attended = graph.Input("attention_mask", ElementType.Int64, "batch_size", "sequence_length");
        var features = input.LayerNorm(body["feature_projection.layer_norm"], shape.Epsilon);
        var mask = attended.PaddingMask(input.Dim(1));

        var x = features.Linear(body["feature_projection.projection"]).Blank(attended);
        var attend = Attention(graph, x, mask, body["encoder.embed_positions"], json, shape);
        var states = new List<Value> { x };
        for (var i = 0; i < shape.Layers; i++)
            states.Add(x = Layer(x, attended, body[$"encoder.layers.{i}"], json, shape, attend));
        if (json.Bool("use_intermediate_ffn_before_adapter", false))
            x += x.SpeechFeedForward(body["intermediate_ffn"], "relu") * 0.5f;
        var (hidden, lengths) = Adapter(x, attended.Sum(axis: 1), body["adapter"], json, shape);
        return new EncodedSpeech(hidden, lengths, states, features, json, weights);
    }

    private static Value Layer(Value x, Value attended, Weights weights, ModelConfig json, SpeechShape shape, Func<Value, Weights, Value> attend)
    {
        x += x.LayerNorm(weights["ffn1_layer_norm"], shape.Epsilon).SpeechFeedForward(weights["ffn1"], shape.Activation) * 0.5f;
        x += attend(x.LayerNorm(weights["self_attn_layer_norm"], shape.Epsilon), weights["self_attn"]);
        x += Convolve(x, attended, weights["conv_module"], json, shape);
        x += x.LayerNorm(weights["ffn2_layer_norm"], shape.Epsilon).SpeechFeedForward(weights["ffn2"], shape.Activation) * 0.5f;
        return x.LayerNorm(weights["final_layer_norm"], shape.Epsilon);
    }

    private static Value Convolve(Value x, Value attended, Weights weights, ModelConfig json, SpeechShape shape)
    {
        var size = json.DepthwiseSize("conv_depthwise_kernel_size", 31);
        return x.LayerNorm(weights["layer_norm"], shape.Epsilon).Blank(attended).PointwiseConvolution(weights["pointwise_conv1"]).Glu()
            .Transpose(0, 2, 1).DepthwiseConvolution(weights["depthwise_conv"], size, (size - 1, 0)).Transpose(0, 2, 1)
            .LayerNorm(weights["depthwise_layer_norm"], shape.Epsilon).Apply(shape.Activation).PointwiseConvolution(weights["pointwise_conv2"]);
    }

    private static Func<Value, Weights, Value> Attention(GraphBuilder graph, Value x, Value mask, Weights embeddings, ModelConfig json, SpeechShape shape)
    {
        if (json.Text("position_embeddings_type", "relative_key") != "relative_key")
            return Wav2Vec2Conformer.Attention(graph, x, mask, embeddings, json, shape);
        var (left, right) = (json.Reach("left_max_position_embeddings", 64), json.Reach("right_max_position_embeddings", 8));
        // The row of the table for each query and key: distances count from the query, and end at the table's ends.
        var rows = (-graph.Distances(x.Dim(1))).Clip(-left, right) + graph.Constant(left); // [T, T]
        return (states, weights) =>
        {
            Value Heads(string name) => states.Linear(weights[name]).SplitHeads(shape.Heads);
            var (query, table) = (Heads("linear_q"), weights["distance_embedding"].Get("weight")); // [left + 1 + right, D]
            if (!table.Dim(0).MayEqual(left + 1L + right))
                throw new GraphException("distance_embedding", $"The table {table} is not of the distances -{left} to {right} that config.json states.");
            var scores = query.Linear(table, bias: null).GatherElements(rows.Expand(query.Dim(0), query.Dim(1), query.Dim(2), query.Dim(2)), axis: 3);
            var bias = scores / MathF.Sqrt(query.Dim(3).Size!.Value); // projections have known widths
            return query.Attend(Heads("linear_k"), Heads("linear_v"), bias + mask).Linear(weights["linear_out"]);
        };
    }

    // Layers that make fewer frames: two gated convolutions, one of which an attention follows.
    private static (Value Hidden, Value Lengths) Adapter(Value hidden, Value lengths, Weights adapter, ModelConfig json, SpeechShape shape)
    {
        if (!json.Bool("add_adapter", false))
            return (hidden, lengths);
        if (adapter.Has("proj"))
            hidden = hidden.Linear(adapter["proj"]).LayerNorm(adapter["proj_layer_norm"], shape.Epsilon);
        var (size, stride) = (json.Int("adapter_kernel_size", 3, minimum: 1), json.Int("adapter_stride", 2, minimum: 1));
        var activation = json.Text("adapter_act", "relu");
        for (var i = 0; i < json.LayerCount("num_adapter_layers", 1); i++)
        {
            var layer = adapter[$"layers.{i}"];
            Value Convolve(string norm, string convolution) => hidden.LayerNorm(layer[norm], shape.Epsilon).Transpose(0, 2, 1)
                .Conv1D(layer[convolution].Get("weight"), layer[convolution].Get("bias"), stride, padding: (stride / 2, stride / 2)).Transpose(0, 2, 1).Glu();
            var (residual, x) = (Convolve("residual_layer_norm", "residual_conv"), Convolve("self_attn_layer_norm", "self_attn_conv"));
            lengths = lengths.CountWindows(size, stride, padding: size / 2);
            Value Heads(string name) => x.Linear(layer["self_attn"][name]).SplitHeads(shape.Heads);
            var mask = lengths.FirstFrames(x.Dim(1)).PaddingMask(x.Dim(1));
            x = Heads("linear_q").Attend(Heads("linear_k"), Heads("linear_v"), mask).Linear(layer["self_attn.linear_out"]) + residual;
            hidden = x.LayerNorm(layer["ffn_layer_norm"], shape.Epsilon).SpeechFeedForward(layer["ffn"], activation) + x;
        }
        return (hidden, lengths);
    }
}
