using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Audio;

/// <summary>Descript Audio Codec: sound as the numbers of directions, some for each frame.</summary>
/// <remarks>Source: arXiv:2306.06546; outputs of transformers 5.23, modeling_dac.py.</remarks>
internal static class Dac
{
    private static readonly SoundCodec Codec = new("DacModel", _ => 1, Encode, Decode, Ignore: _ => { }) { IsFlat = true };

    public static Architecture Architecture { get; } = new("dac", "descript/dac_16khz", Codec.Heads);

    private static Value Encode(Value sound, ModelConfig json, Weights weights)
    {
        var encoder = weights["encoder"];
        var x = Convolve(sound, encoder["conv1"]);
        var strides = Strides(json, "downsampling_ratios", 2, 4, 8, 8);
        for (var i = 0; i < strides.Count; i++)
        {
            var block = encoder[$"block.{i}"];
            x = Convolve(Snake(Residuals(x, block), block["snake1"]), block["conv1"], strides[i], padding: (strides[i] + 1) / 2);
        }
        x = Convolve(Snake(x, encoder["snake1"]), encoder["conv2"]).Transpose(0, 2, 1);
        return x.Quantize(json.LayerCount("n_codebooks", 9), (left, i) =>
        {
            var quantizer = weights[$"quantizer.quantizers.{i}"];
            var entries = quantizer["codebook"].Get("weight");
            // The nearest in direction.
            var number = (Directed(Project(left, quantizer["in_proj"])).MatMulTransposed(Directed(entries)) * 2f + (Directed(entries) * Directed(entries)).Sum(axis: 1)).ArgMax(axis: 2);
            return (number, Project(entries.Gather(number), quantizer["out_proj"]));
        });
    }

    private static Value Decode(Value codes, ModelConfig json, Weights weights)
    {
        // What each entry stands for, in the width of states.
        var books = new List<Value>();
        for (var i = 0; i < json.LayerCount("n_codebooks", 9); i++)
        {
            var quantizer = weights[$"quantizer.quantizers.{i}"];
            books.Add(Project(quantizer["codebook"].Get("weight"), quantizer["out_proj"]));
        }
        if (books.Count == 0)
            throw json.Invalid("n_codebooks", "at least 1 was expected");
        var decoder = weights["decoder"];
        var x = Convolve(codes.SumOf(books).Transpose(0, 2, 1), decoder["conv1"]);
        var strides = Strides(json, "upsampling_ratios", 8, 8, 4, 2);
        for (var i = 0; i < strides.Count; i++)
        {
            var (block, spread) = (decoder[$"block.{i}"], decoder[$"block.{i}.conv_t1"]);
            x = Residuals(Snake(x, block["snake1"]).Deconv1D(spread.Kernel1D(), spread.Find("bias"), strides[i], (strides[i] + 1) / 2), block);
        }
        return Convolve(Snake(x, decoder["snake1"]), decoder["conv2"]).Tanh();
    }

    private static IReadOnlyList<int> Strides(ModelConfig json, string name, params int[] absent)
    {
        const int MostBlocks = 64;
        var strides = json.Ints(name, absent);
        return strides.Count is > 0 and <= MostBlocks && strides.All(stride => stride is > 0 and <= short.MaxValue) ? strides
            : throw json.Invalid(name, $"1 to {MostBlocks} strides were expected");
    }

    private static Value Residuals(Value x, Weights block)
    {
        foreach (var (name, dilation) in (ReadOnlySpan<(string, int)>)[("res_unit1", 1), ("res_unit2", 3), ("res_unit3", 9)])
        {
            var unit = block[name];
            x += Convolve(Snake(Convolve(Snake(x, unit["snake1"]), unit["conv1"], dilation: dilation), unit["snake2"]), unit["conv2"]);
        }
        return x;
    }

    // x + sin(alpha x)^2 / alpha (arXiv:2006.08195).
    private static Value Snake(Value x, Weights weights)
    {
        var alpha = weights.Get("alpha"); // [1, C, 1]
        return x + (x * alpha).Sin().Power(2) / (alpha + 1e-9f);
    }

    private static Value Convolve(Value x, Weights weights, int stride = 1, int? padding = null, int dilation = 1)
    {
        var kernel = weights.Kernel1D();
        var around = padding ?? (int)(kernel.Dim(2).Size!.Value - 1) / 2 * dilation; // checked
        return x.Conv1D(kernel, weights.Find("bias"), stride, (around, around), dilation: dilation);
    }

    // A convolution over single positions, of states whose last axis is that of channels.
    private static Value Project(Value x, Weights weights) => x.Linear(weights.Has("weight") ? weights.Pointwise("weight") : weights.Kernel1D().Squeeze(2), weights.Find("bias"));

    private static Value Directed(Value x) => x / x.Norm(axis: -1, keep: true).Maximum(x.Graph.Scalar(1e-12, ElementType.Float32));
}
