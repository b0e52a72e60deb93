using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>Mimi: EnCodec with transformers on both sides of its codebooks, the first of which say what is spoken and the others how.</summary>
/// <remarks>Source: arXiv:2410.00037; outputs of transformers 5.23, modeling_mimi.py. B = batch, T = frames, H = hidden size.</remarks>
internal static class Mimi
{
    // Of what the entries of codebooks are divided by.
    private const double LeastUsage = 1e-5;

    private static readonly SoundCodec Codec = new("MimiModel", json => json.Int("audio_channels", 1, minimum: 1), Encode, Decode, Ignore);

    public static Architecture Architecture { get; } = new("mimi", "kyutai/mimi", Codec.Heads);

    private static SeaNet Net(ModelConfig json) => SeaNet.Of(json, [8, 6, 5, 4], "constant", lstmLayers: 0);

    private static Value Encode(Value sound, ModelConfig json, Weights weights)
    {
        var net = Net(json);
        var states = Transform(net.Encode(sound, weights["encoder"]).Transpose(0, 2, 1), json, weights["encoder_transformer"]);
        if (weights.Has("downsample"))
            states = net.Convolve(states.Transpose(0, 2, 1), weights["downsample"], stride: 2, padding: "replicate").Transpose(0, 2, 1);
        var parts = Parts(json, weights).Select(part => Code(states, part.Weights, part.Count)).ToArray();
        return parts.Concat(axis: 1);
    }

    private static Value Code(Value states, Weights weights, int count)
    {
        if (weights.Has("input_proj"))
            states = states.Linear(weights["input_proj"].Pointwise("weight"), bias: null);
        var books = Books(weights, count);
        return states.Quantize(count, (left, i) =>
        {
            var number = left.Nearest(books[i]);
            return (number, books[i].Gather(number));
        });
    }

    private static Value Decode(Value codes, ModelConfig json, Weights weights)
    {
        var (net, parts) = (Net(json), Parts(json, weights));
        var semantic = parts[0].Count;
        var states = Say(codes.Slice(axis: 1, 0, semantic), parts[0].Weights, semantic);
        if (parts.Count > 1)
            states += Say(codes.Slice(axis: 1, semantic), parts[1].Weights, parts[1].Count);
        var x = states.Transpose(0, 2, 1);
        if (weights.Has("upsample"))
            x = net.Spread(x, weights["upsample"], stride: 2, json.Int("upsample_groups", 512, minimum: 1));
        return net.Decode(Transform(x.Transpose(0, 2, 1), json, weights["decoder_transformer"]).Transpose(0, 2, 1), weights["decoder"]);
    }

    private static Value Say(Value codes, Weights weights, int count)
    {
        var states = codes.SumOf(Books(weights, count));
        return weights.Has("output_proj") ? states.Linear(weights["output_proj"].Pointwise("weight"), bias: null) : states;
    }

    // The codebooks of what is spoken, and those of how, which there may be none of.
    private static List<(Weights Weights, int Count)> Parts(ModelConfig json, Weights weights)
    {
        var all = json.LayerCount("num_quantizers", 32);
        var semantic = json.Int("num_semantic_quantizers", 1, minimum: 1);
        if (semantic > all)
            throw json.Invalid("num_semantic_quantizers", $"at most {all} were expected");
        var quantizer = weights["quantizer"];
        var parts = new List<(Weights, int)> { (quantizer["semantic_residual_vector_quantizer"], semantic) };
        if (all > semantic)
            parts.Add((quantizer["acoustic_residual_vector_quantizer"], all - semantic));
        return parts;
    }

    // Entries are kept as sums of what they stood for in training, and how often.
    private static List<Value> Books(Weights weights, int count)
    {
        var books = new List<Value>();
        for (var i = 0; i < count; i++)
        {
            var book = weights[$"layers.{i}.codebook"];
            books.Add(book.Get("embed_sum") / book.Get("cluster_usage").Clip(LeastUsage, null).Unsqueeze(1));
        }
        return books;
    }

    // Layers whose frames see those before them, within a window.
    private static Value Transform(Value x, ModelConfig json, Weights weights)
    {
        var graph = x.Graph;
        var heads = json.Int("num_attention_heads", 8, minimum: 1);
        var shared = json.Int("num_key_value_heads", heads, minimum: 1);
        var (epsilon, activation) = (json.Float("norm_eps", 1e-5f), json.Text("hidden_act", "gelu"));
        if (heads % shared != 0)
            throw json.Invalid("num_key_value_heads", $"a divisor of {heads} was expected");
        var size = json.OptionalInt("head_dim") ?? (int)x.Dim(2).Size!.Value / heads; // of a convolution
        var rotations = graph.Rotations(x.Dim(1), size, json.RotaryTheta(10_000));
        var mask = Mask(graph, x.Dim(1), json.Int("sliding_window", 250, minimum: 1));
        for (var i = 0; i < json.LayerCount("num_hidden_layers", 8); i++)
        {
            var layer = weights[$"layers.{i}"];
            var attention = layer["self_attn"];
            var normed = x.LayerNorm(layer["input_layernorm"], epsilon);
            Value Heads(string name, int count) => normed.Linear(attention[name]).SplitHeads(count);
            var context = Heads("q_proj", heads).Rotate(rotations).Attend(Heads("k_proj", shared).Rotate(rotations).RepeatHeads(heads / shared),
                Heads("v_proj", shared).RepeatHeads(heads / shared), mask).Linear(attention["o_proj"]);
            x += context * layer.Get("self_attn_layer_scale.scale");
            x += x.LayerNorm(layer["post_attention_layernorm"], epsilon).Perceptron(layer["mlp.fc1"], layer["mlp.fc2"], activation) * layer.Get("mlp_layer_scale.scale");
        }
        return x;
    }

    // What is added to scores: [1, 1, T, T].
    private static Value Mask(GraphBuilder graph, Dim length, int window)
    {
        var distances = graph.Distances(length);
        var seen = (distances >= graph.Constant(0L)) & (distances < graph.Constant((long)window));
        return seen.Where(graph.Scalar(0, ElementType.Float32), graph.Scalar(SelfAttention.Masked, ElementType.Float32)).Unsqueeze(0, 1);
    }

    // Of training.
    private static void Ignore(Weights weights)
    {
        foreach (var part in (ReadOnlySpan<string>)["semantic", "acoustic"])
        {
            var quantizer = weights[$"quantizer.{part}_residual_vector_quantizer"];
            for (var i = 0; quantizer.Has($"layers.{i}"); i++)
                quantizer[$"layers.{i}.codebook"].Ignore("initialized");
        }
    }
}
