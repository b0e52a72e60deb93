using static Gpux.Benchmarks.Roofline.OperatorShapes;

namespace Gpux.Benchmarks.Roofline;

/// <summary>Operators that slide a window over images, sounds and volumes, or sample them: tensors of [batch, channels, ...].</summary>
internal static class WindowShapes
{
    public static KnownTensor[]? Infer(Operation op)
    {
        switch (op.Type)
        {
            case "Conv" or "FusedConv":
                return [new KnownTensor(op.Input(0).Type, [op.Dims(0)[0], op.Dims(1)[0], .. Windows(op, Kernel(op, 1))])];
            case "ConvInteger":
                return [new KnownTensor(ElementType.Int32, [op.Dims(0)[0], op.Dims(1)[0], .. Windows(op, Kernel(op, 1))])];
            case "QLinearConv":
                return [new KnownTensor(op.Input(7).Type, [op.Dims(0)[0], op.Dims(3)[0], .. Windows(op, Kernel(op, 3))])];
            case "ConvTranspose":
                return [new KnownTensor(op.Input(0).Type, [op.Dims(0)[0], Extent.Times(op.Dims(1)[1], op.Int("group", 1)), .. Transposed(op)])];
            case "AveragePool" or "LpPool" or "QLinearAveragePool":
                return [new KnownTensor(op.Input(0).Type, [.. op.Dims(0)[..2], .. Windows(op, Kernel(op, -1))])];
            case "MaxPool":
            {
                long[] dims = [.. op.Dims(0)[..2], .. Windows(op, Kernel(op, -1))];
                return [new(op.Input(0).Type, dims), new(ElementType.Int64, dims)];
            }
            case "GlobalAveragePool" or "GlobalMaxPool" or "GlobalLpPool" or "QLinearGlobalAveragePool":
                return One(op.Input(0).Type, [.. op.Dims(0)[..2], .. op.Dims(0).Skip(2).Select(_ => 1L)]);
            case "Resize" or "Upsample":
                return [new KnownTensor(op.Input(0).Type, Resized(op))];
            case "GridSample":
                return One(op.Input(0).Type, [.. op.Dims(0)[..2], .. op.Dims(1)[1..^1]]);
            case "RoiAlign":
                return One(op.Input(0).Type, op.Dims(1)[0], op.Dims(0)[1], op.Int("output_height", 1), op.Int("output_width", 1));
            default:
                return null;
        }
    }

    /// <summary>The window's extents: of the kernel that an input holds, or as the attribute says.</summary>
    internal static long[] Kernel(Operation op, int input) => input >= 0 ? op.Dims(input)[2..]
        : op.Ints("kernel_shape") ?? throw new ArgumentException("it lacks kernel_shape");

    // Formulas: Conv and AveragePool of the specification.
    private static long[] Windows(Operation op, long[] kernel)
    {
        var space = op.Dims(0)[2..];
        var (strides, dilations, pads) = (op.Ints("strides"), op.Ints("dilations"), op.Ints("pads"));
        var (automatic, roundsUp) = (op.Text("auto_pad", "NOTSET"), op.Int("ceil_mode") != 0);
        var dims = new long[space.Length];
        for (var i = 0; i < dims.Length; i++)
        {
            var stride = strides is null ? 1 : strides[i];
            if (stride < 1)
                throw new ArgumentException($"the stride is {stride}");
            if (space[i] == Extent.Unknown || kernel[i] == Extent.Unknown)
            {
                dims[i] = Extent.Unknown;
                continue;
            }
            var reach = checked((kernel[i] - 1) * (dilations is null ? 1 : dilations[i]) + 1);
            if (automatic is "SAME_UPPER" or "SAME_LOWER")
            {
                dims[i] = (space[i] + stride - 1) / stride;
                continue;
            }
            var padding = automatic == "VALID" || pads is null ? 0 : checked(pads[i] + pads[i + dims.Length]);
            var room = checked(space[i] + padding - reach);
            if (room < 0)
                throw new ArgumentException($"a window of {reach} does not fit an extent of {space[i]} padded by {padding}");
            dims[i] = (room + (roundsUp ? stride - 1 : 0)) / stride + 1;
            // A window that begins in the padding at the end is none.
            if (roundsUp && pads is not null && (dims[i] - 1) * stride >= space[i] + pads[i])
                dims[i]--;
        }
        return dims;
    }

    private static long[] Transposed(Operation op)
    {
        var (space, kernel) = (op.Dims(0)[2..], Kernel(op, 1));
        if (op.Ints("output_shape") is { } wanted)
            return wanted[^space.Length..];
        var (strides, dilations, pads, extra) = (op.Ints("strides"), op.Ints("dilations"), op.Ints("pads"), op.Ints("output_padding"));
        var same = op.Text("auto_pad", "NOTSET") is "SAME_UPPER" or "SAME_LOWER";
        return [.. space.Select((extent, i) =>
        {
            var stride = strides is null ? 1 : strides[i];
            if (extent == Extent.Unknown || kernel[i] == Extent.Unknown)
                return Extent.Unknown;
            if (same)
                return checked(extent * stride);
            var reach = checked((kernel[i] - 1) * (dilations is null ? 1 : dilations[i]) + 1);
            return checked((extent - 1) * stride + (extra is null ? 0 : extra[i]) + reach - (pads is null ? 0 : pads[i] + pads[i + space.Length]));
        })];
    }

    // Since version 11 the inputs are X, roi, scales, sizes; before, X and scales.
    private static long[] Resized(Operation op)
    {
        var dims = op.Dims(0);
        var isOld = op.Type == "Upsample" || op.InputCount == 2 && op.Opset < 11;
        var axes = op.Ints("axes")?.Select(axis => Operation.Axis(axis, dims.Length)).ToArray() ?? [.. Enumerable.Range(0, dims.Length)];
        long[] resized = [.. dims];
        var sizes = isOld ? null : op.Optional(3);
        var scales = op.Optional(isOld ? 1 : 2)?.Values ?? op.Find("scales")?.Floats.Select(scale => (double)scale).ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            resized[axes[i]] = sizes?.Values is { } known && i < known.Length ? double.IsFinite(known[i]) ? checked((long)known[i]) : Extent.Unknown
                : scales is not null && i < scales.Length && double.IsFinite(scales[i]) && dims[axes[i]] != Extent.Unknown
                    ? checked((long)Math.Floor(dims[axes[i]] * scales[i])) : Extent.Unknown;
        }
        return resized;
    }
}
