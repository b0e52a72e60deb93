using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>Descript Audio Codec: sound as the numbers of vectors that are told apart by their directions alone.</summary>
/// <remarks>Source: arXiv:2306.06546; outputs of transformers 5.23, modeling_dac.py. B = batch, C = channels, L = samples, K = codebooks,
/// T = frames, D = size of a codebook's entry, H = hidden size.</remarks>
internal static class Dac
{
    private const int MostLayers = 64;

    // F.normalize's, which no configuration changes.
    private const float LeastLength = 1e-12f;

    private static readonly SoundCodec Codec = new("DacModel", _ => 1, Encode, Decode, _ => { }) { DropsChannel = true };

    public static Architecture Architecture { get; } = new("dac", "descript/dac_16khz", Codec.Heads);

    private static Value Encode(Value sound, ModelConfig json, Weights weights)
    {
        var (net, ratios) = (weights["encoder"], Ratios(json));
        var x = Convolve(sound, net["conv1"], padding: 3);
        for (var i = 0; i < ratios.Count; i++)
        {
            var block = net[$"block.{i}"];
            x = Convolve(Residuals(x, block).Snake(block["snake1"]), block["conv1"], Overlap(ratios[i]), ratios[i]);
        }
        var states = Convolve(x.Snake(net["snake1"]), net["conv2"], padding: 1).Transpose(0, 2, 1);
        return states.Quantize(Count(json), (left, i) =>
        {
            var quantizer = weights[$"quantizer.quantizers.{i}"];
            var (entries, entry) = (quantizer.Get("codebook.weight"), left.PointwiseConvolution(quantizer["in_proj"]));
            var directions = Direction(entries);
            // As the original has it, though all lengths are one.
            var number = (Direction(entry).MatMulTransposed(directions) * 2f + (directions * directions).Sum(axis: 1)).ArgMax(axis: 2);
            return (number, entries.Gather(number).PointwiseConvolution(quantizer["out_proj"]));
        });
    }

    private static Value Decode(Value codes, ModelConfig json, Weights weights)
    {
        var (net, ratios) = (weights["decoder"], Ratios(json));
        var x = Convolve(Say(codes, json, weights["quantizer"]).Transpose(0, 2, 1), net["conv1"], padding: 3);
        for (var i = 0; i < ratios.Count; i++)
        {
            var (block, stride) = (net[$"block.{i}"], ratios[^(i + 1)]);
            x = Residuals(x.Snake(block["snake1"]).Deconv1D(block["conv_t1"].Kernel1D(), block["conv_t1"].Find("bias"), stride, Overlap(stride)), block);
        }
        return Convolve(x.Snake(net["snake1"]), net["conv2"], padding: 3).Tanh();
    }

    // The sum of what codes stand for, each of its own codebook, of which there may be fewer than the model has: [B, T, H].
    private static Value Say(Value codes, ModelConfig json, Weights weights)
    {
        var (graph, used) = (codes.Graph, codes.Dim(1));
        var quantizers = Enumerable.Range(0, Count(json)).Select(i => weights[$"quantizers.{i}"]).ToArray();
        Value Used(IEnumerable<Value> all) => all.Select(value => value.Unsqueeze(0)).ToArray().Concat(axis: 0)
            .Slice(axis: 0, graph.Constant([0L]), graph.Extent(used), used);
        var books = quantizers.Select(quantizer => quantizer.Get("codebook.weight")).ToArray();
        var first = graph.Extent(used).Range(used) * graph.Constant(books[0].Dim(0).Size!.Value); // weights have known extents
        var entries = books.Concat(axis: 0).Gather(codes + first.Unsqueeze(1)); // [B, K, T, D]
        var matrices = Used(quantizers.Select(quantizer => quantizer["out_proj"].Pointwise("weight"))).Transpose(0, 2, 1); // [K, D, H]
        return entries.MatMul(matrices).Sum(axis: 1) + Used(quantizers.Select(quantizer => quantizer["out_proj"].Get("bias"))).Sum(axis: 0);
    }

    private static Value Residuals(Value x, Weights block)
    {
        foreach (var (name, dilation) in (ReadOnlySpan<(string, int)>)[("res_unit1", 1), ("res_unit2", 3), ("res_unit3", 9)])
        {
            var unit = block[name];
            x += Convolve(Convolve(x.Snake(unit["snake1"]), unit["conv1"], 3 * dilation, dilation: dilation).Snake(unit["snake2"]), unit["conv2"]);
        }
        return x;
    }

    private static Value Convolve(Value x, Weights weights, int padding = 0, int stride = 1, int dilation = 1) =>
        x.Conv1D(weights.Kernel1D(), weights.Find("bias"), stride, (padding, padding), dilation: dilation);

    // x + sin^2(a x) / a (arXiv:2006.08195), with a number for each channel.
    private static Value Snake(this Value x, Weights weights)
    {
        var frequency = weights.Get("alpha");
        return x + (x * frequency).Sin().Power(2) * (1f / (frequency + 1e-9f));
    }

    private static Value Direction(Value vectors) => vectors / vectors.Norm(axis: -1, keep: true).Clip(LeastLength, null);

    // Kernels are of twice their stride.
    private static int Overlap(int stride) => (stride + 1) / 2;

    private static int Count(ModelConfig json) => json.LayerCount("n_codebooks", 9) is > 0 and var count ? count
        : throw json.Invalid("n_codebooks", "at least one was expected");

    private static IReadOnlyList<int> Ratios(ModelConfig json) => json.Ints("downsampling_ratios", 2, 4, 8, 8) is { Count: > 0 and <= MostLayers } ratios
        && ratios.All(ratio => ratio is > 0 and <= short.MaxValue) ? ratios : throw json.Invalid("downsampling_ratios", $"1 to {MostLayers} numbers were expected");
}
