using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>The convolutions that make frames of raw sound, as config.json states them (arXiv:2006.11477). B = batch, T = frames,
/// C = channels of a frame.</summary>
/// <param name="NormalizesFrames">Whether each convolution normalises its frames; else the first one normalises its channels over
/// all of the sound, padding included.</param>
internal sealed record FrameEncoder(IReadOnlyList<int> Kernels, IReadOnlyList<int> Strides, string Activation, bool HasBias, bool NormalizesFrames)
{
    // PyTorch's default, which no configuration changes.
    private const float Epsilon = 1e-5f;
    private const int MostConvolutions = 64;

    /// <param name="kernels">These are the defaults of the original class: files leave out what equals them.</param>
    public static FrameEncoder Of(ModelConfig json, int[] kernels, int[] strides)
    {
        var encoder = new FrameEncoder(json.Ints("conv_kernel", kernels), json.Ints("conv_stride", strides),
            json.Text("feat_extract_activation", "gelu"), json.Bool("conv_bias", false), json.Text("feat_extract_norm", "group") switch
            {
                "group" => false,
                "layer" => true,
                _ => throw json.Invalid("feat_extract_norm", "group or layer was expected"),
            });
        if (encoder.Kernels.Count is 0 or > MostConvolutions || encoder.Kernels.Any(size => size < 1))
            throw json.Invalid("conv_kernel", "the sizes of 1 to 64 kernels were expected");
        if (encoder.Strides.Count != encoder.Kernels.Count || encoder.Strides.Any(stride => stride < 1))
            throw json.Invalid("conv_stride", "a stride for each kernel was expected");
        return encoder;
    }

    /// <summary>Those of wav2vec 2.0, the default of most families.</summary>
    public static FrameEncoder Of(ModelConfig json) => Of(json, [10, 3, 3, 3, 3, 2, 2], [5, 2, 2, 2, 2, 2, 2]);

    /// <param name="samples">float [B, samples].</param>
    /// <returns>[B, T, C].</returns>
    public Value Encode(Value samples, Weights weights)
    {
        var x = samples.Unsqueeze(1);
        for (var i = 0; i < Kernels.Count; i++)
        {
            var layer = weights[$"conv_layers.{i}"];
            var kernel = layer["conv"].Get("weight");
            if (kernel.Rank != 3 || !kernel.Dim(2).MayEqual(Kernels[i]))
                throw new GraphException("Conv", $"The kernel {kernel} is not of the size {Kernels[i]} that config.json states.");
            x = x.Conv1D(kernel, HasBias ? layer["conv"].Get("bias") : null, Strides[i]);
            if (NormalizesFrames)
                x = x.Transpose(0, 2, 1).LayerNorm(layer["layer_norm"], Epsilon).Transpose(0, 2, 1);
            else if (i == 0)
                x = x.InstanceNormalization(layer["layer_norm"].Get("weight"), layer["layer_norm"].Get("bias"), Epsilon);
            x = x.Apply(Activation);
        }
        return x.Transpose(0, 2, 1);
    }

    /// <summary>How many frames come of so many samples: int64 of the same shape.</summary>
    public Value CountFrames(Value samples)
    {
        for (var i = 0; i < Kernels.Count; i++)
            samples = samples.CountWindows(Kernels[i], Strides[i]);
        return samples;
    }
}

/// <summary>Which frames of a batch are padding. B = batch, T = frames.</summary>
internal static class Frames
{
    /// <summary>How many windows of a size, a stride apart, fit into so many elements; int64.</summary>
    public static Value CountWindows(this Value lengths, int size, int stride, int padding = 0)
    {
        var graph = lengths.Graph;
        if (padding * 2 != size)
            lengths += graph.Constant(2L * padding - size);
        return (stride == 1 ? lengths : lengths / graph.Constant((long)stride)) + graph.Constant(1L);
    }

    /// <summary>1 for the first frames of each row and 0 for what follows.</summary>
    /// <param name="lengths">int64 [B].</param>
    /// <param name="frames">The extent T.</param>
    /// <returns>int64 [B, T].</returns>
    public static Value FirstFrames(this Value lengths, Dim frames) =>
        (lengths.Graph.Extent(frames).Range(frames).Unsqueeze(0) < lengths.Unsqueeze(1)).Cast(ElementType.Int64);

    /// <summary>Makes frames that are padding zero.</summary>
    /// <param name="x">[B, T, width].</param>
    /// <param name="attended">int64 [B, T].</param>
    public static Value Blank(this Value x, Value attended) => x * attended.Cast(ElementType.Float32).Unsqueeze(2);
}
