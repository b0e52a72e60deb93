using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>SEANet (arXiv:2009.02095), whose convolutions see the past alone, as config.json states it: the encoder and the decoder of sound in
/// EnCodec and its kin.</summary>
/// <param name="IsCausal">Whether all padding is before the sound, but for what fills the last window.</param>
/// <param name="Padding">"reflect", "replicate" or "constant".</param>
/// <param name="TrimmedRight">What share of the padding of a transposed convolution is cut off behind.</param>
internal sealed record SeaNet(IReadOnlyList<int> Ratios, int ResidualLayers, int DilationGrowth, int LstmLayers, bool IsCausal, string Padding, double TrimmedRight, bool NormalizesTime)
{
    private const int MostLayers = 64;

    /// <param name="ratios">These are the defaults of the original class: files leave out what equals them.</param>
    public static SeaNet Of(ModelConfig json, int[] ratios, string padding, int lstmLayers)
    {
        var net = new SeaNet(json.Ints("upsampling_ratios", ratios), json.LayerCount("num_residual_layers", 1), json.Int("dilation_growth_rate", 2, minimum: 1), lstmLayers,
            json.Bool("use_causal_conv", true), json.Text("pad_mode", padding), json.Number("trim_right_ratio", 1), json.Text("norm_type", "weight_norm") switch
            {
                "weight_norm" => false,
                "time_group_norm" => true,
                _ => throw json.Invalid("norm_type", "weight_norm or time_group_norm was expected"),
            });
        if (net.Padding is not ("reflect" or "replicate" or "constant"))
            throw json.Invalid("pad_mode", "reflect, replicate or constant was expected");
        if (net.Ratios.Count is 0 or > MostLayers || net.Ratios.Any(ratio => ratio is < 1 or > short.MaxValue))
            throw json.Invalid("upsampling_ratios", $"1 to {MostLayers} numbers were expected");
        if (net.DilationGrowth > short.MaxValue || net.ResidualLayers > MostLayers || Math.Pow(net.DilationGrowth, net.ResidualLayers) > short.MaxValue)
            throw json.Invalid("dilation_growth_rate", "a smaller number was expected");
        return net.TrimmedRight is >= 0 and <= 1 ? net : throw json.Invalid("trim_right_ratio", "a share was expected");
    }

    /// <summary>Samples of a frame.</summary>
    public long Hop => Ratios.Aggregate(1L, (product, ratio) => product * ratio);

    /// <param name="sound">[B, C, L].</param>
    /// <returns>[B, D, T].</returns>
    public Value Encode(Value sound, Weights weights)
    {
        var (x, next) = (Convolve(sound, weights["layers.0"]), 1);
        foreach (var ratio in Ratios.Reverse())
        {
            for (var i = 0; i < ResidualLayers; i++)
                x = Residual(x, weights[$"layers.{next++}"], Dilation(i));
            x = Convolve(x.Elu(), weights[$"layers.{next + 1}"], ratio); // after the function, which counts
            next += 2;
        }
        if (LstmLayers > 0)
            x = Remember(x, weights[$"layers.{next++}.lstm"]);
        return Convolve(x.Elu(), weights[$"layers.{next + 1}"]);
    }

    /// <param name="states">[B, D, T].</param>
    /// <returns>[B, C, L].</returns>
    public Value Decode(Value states, Weights weights)
    {
        var (x, next) = (Convolve(states, weights["layers.0"]), 1);
        if (LstmLayers > 0)
            x = Remember(x, weights[$"layers.{next++}.lstm"]);
        foreach (var ratio in Ratios)
        {
            x = Spread(x.Elu(), weights[$"layers.{next + 1}"], ratio);
            next += 2;
            for (var i = 0; i < ResidualLayers; i++)
                x = Residual(x, weights[$"layers.{next++}"], Dilation(i));
        }
        return Convolve(x.Elu(), weights[$"layers.{next + 1}"]);
    }

    private int Dilation(int layer) => (int)Math.Pow(DilationGrowth, layer);

    private Value Residual(Value x, Weights weights, int dilation)
    {
        var y = Convolve(x.Elu(), weights["block.1"], dilation: dilation);
        y = Convolve(y.Elu(), weights["block.3"]);
        return (weights.Has("shortcut") ? Convolve(x, weights["shortcut"]) : x) + y;
    }

    /// <summary>A convolution that gives one element for every <paramref name="stride"/>, and one for the rest.</summary>
    /// <param name="padding">Of the convolution, where it is not that of the others.</param>
    public Value Convolve(Value x, Weights module, int stride = 1, int dilation = 1, string? padding = null)
    {
        var (graph, mode, weights) = (x.Graph, padding ?? Padding, module["conv"]);
        var (kernel, bias) = (weights.Kernel1D(), weights.Find("bias"));
        var reach = (kernel.Dim(2).Size!.Value - 1) * dilation + 1; // weights have known extents
        if (reach < stride)
            throw new GraphException("Conv", $"The kernel {kernel} is shorter than its stride of {stride}.");
        var around = reach - stride;
        var (before, behind) = IsCausal ? (around, 0) : (around - around / 2, around / 2);
        var length = graph.Extent(x.Dim(2));
        // What fills the last window, and how many windows there are.
        var count = (length + graph.Constant(stride - 1L)) / graph.Constant((long)stride);
        var rest = stride == 1 ? null : count * graph.Constant((long)stride) - length;
        Value y;
        if (mode == "constant" || around == 0 && stride == 1)
        {
            var filled = rest is null ? x : x.PadEnd(axis: 2, rest, Dim.Unknown);
            y = filled.Conv1D(kernel, bias, stride, ((int)before, (int)behind), Groups(x, kernel), dilation);
        }
        else
        {
            var added = rest is null ? graph.Constant([behind]) : rest + graph.Constant([behind]);
            // There must be more to mirror than is added: zeros, of which no window that counts sees the last.
            var filled = mode == "reflect"
                ? x.PadEnd(axis: 2, (added.Maximum(graph.Constant([before])) - length + graph.Constant([1L])).Clip(0, null), Dim.Unknown) : x;
            y = filled.Pad1D(before, added, mode == "reflect" ? "reflect" : "edge", Dim.Unknown).Conv1D(kernel, bias, stride, default, Groups(x, kernel), dilation);
        }
        y = y.Slice(axis: 2, graph.Constant([0L]), count, stride == 1 ? x.Dim(2) : Dim.Unknown);
        return Normalize(y, module);
    }

    /// <summary>A transposed convolution that gives <paramref name="stride"/> elements for each.</summary>
    public Value Spread(Value x, Weights module, int stride, int groups = 1)
    {
        var weights = module["conv"];
        var kernel = weights.Kernel1D();
        var around = kernel.Dim(2).Size!.Value - stride; // weights have known extents
        var y = Normalize(x.Deconv1D(kernel, weights.Find("bias"), stride, groups: groups), module);
        var behind = IsCausal ? (long)Math.Ceiling(around * TrimmedRight) : around / 2;
        return around <= 0 ? y : y.Slice(axis: 2, around - behind, behind == 0 ? long.MaxValue : -behind);
    }

    // Group normalisation with one group of all channels.
    private Value Normalize(Value x, Weights module) => NormalizesTime ? x.GroupNorm(module["norm"], groups: 1) : x;

    // What a memory says of the past is added.
    private Value Remember(Value x, Weights weights)
    {
        var states = x.Transpose(2, 0, 1); // [T, B, C]
        var y = states;
        for (var i = 0; i < LstmLayers; i++)
        {
            // PyTorch has the gates in the order input, forget, cell, output.
            Value Gates(string name) => ((Value[])[weights.Part(name, 0, 4), weights.Part(name, 3, 4), weights.Part(name, 1, 4), weights.Part(name, 2, 4)]).Concat(axis: 0);
            var bias = ((Value[])[Gates($"bias_ih_l{i}"), Gates($"bias_hh_l{i}")]).Concat(axis: 0);
            y = y.Lstm(Gates($"weight_ih_l{i}").Unsqueeze(0), Gates($"weight_hh_l{i}").Unsqueeze(0), bias.Unsqueeze(0));
        }
        return (y + states).Transpose(1, 2, 0);
    }

    private static int Groups(Value x, Value kernel) => x.Dim(1).Size is { } channels && kernel.Dim(1).Size is > 0 and var inner ? (int)Math.Max(1, channels / inner) : 1;
}
