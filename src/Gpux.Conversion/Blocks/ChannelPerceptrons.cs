using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Perceptrons over the channels of each place of a map, in the form that is fastest on the target.</summary>
internal static class ChannelPerceptrons
{
    // ONNX Runtime copies kernels several times as it rearranges them: with all of ConvNeXt-tiny's, 107 MB, it opened the graph in 1.8 times the time, up to here
    // in 1.2 times.
    // Wider layers hold most of the weights and win least, 1 % of a run: their products take long beside the passes over what comes between.
    private const long WidestConvolved = 512;

    /// <summary>Adds to a map, [B, C, height, width], two projections of normalised places, [B, height, width, C], with a function between
    /// them.</summary>
    /// <param name="scale">What each channel of the projections is multiplied by: C elements. Null for none.</param>
    /// <remarks>On a CPU narrow ones are convolutions over one place. ONNX Runtime keeps their results in blocks of channels up to the next
    /// normalisation, adds biases within the kernel, and multiplies the scales into the weights when it loads the graph. Eight images took blocks of
    /// ConvNeXt-tiny 0.79 and 0.86 of the time of products of matrices at widths of 96 and 192; 0.94 and 0.97 at 384 and 768.</remarks>
    public static Value AddChannelPerceptron(this Value map, Value places, Weights up, Weights down, Func<Value, Value> activation, Value? scale)
    {
        if (map.Graph.Target == GraphTarget.Cpu && !up.AreQuantized && map.Dim(1).Size <= WidestConvolved)
        {
            Value Convolve(Value x, Weights weights) => x.Conv2D(weights.PointwiseKernel("weight"), weights.Find("bias"), (1, 1), (0, 0));
            var result = Convolve(activation(Convolve(places.ChannelsFirst(), up)), down);
            return map + (scale is null ? result : result * scale.Reshape(map.Dim(1), 1, 1));
        }
        var projected = activation(places.Linear(up)).Linear(down);
        return (map.ChannelsLast() + (scale is null ? projected : projected * scale.Reshape(map.Dim(1)))).ChannelsFirst();
    }
}
