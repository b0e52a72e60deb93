using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>Attention within windows of a map that is rolled in every second layer (arXiv:2103.14030). Maps are [B, H, W, C]; their sizes
/// may be unknown until the model runs.</summary>
internal static class ShiftedWindows
{
    private const float OtherRegion = -100f;

    /// <summary>Lets all places of a window see each other.</summary>
    /// <param name="shift">By how much windows are shifted in this layer.</param>
    /// <param name="attend">Given windows [B * windows, N, C] and what is added to scores, [1 or B * windows, 1 or heads, N, N], returns windows.</param>
    /// <param name="bias">[1, heads, N, N]</param>
    /// <param name="padsFirst">Whether the map is padded to whole windows before it is rolled, and not rolled where a window covers it
    /// (torchvision), or after (timm).</param>
    public static Value AttendInWindows(this Value x, (int Height, int Width) window, (int Y, int X) shift, Value bias, bool padsFirst,
        Func<Value, Value, Value> attend)
    {
        var graph = x.Graph;
        var (height, width) = (x.Dim(1), x.Dim(2));
        var (rows, columns) = (x.Extent(1), x.Extent(2));
        var isShifted = shift.Y > 0 || shift.X > 0;
        Value down = graph.Constant([shift.Y]), right = graph.Constant([shift.X]);
        if (!padsFirst && isShifted)
            x = x.Roll(1, down).Roll(2, right);
        x = x.PadToMultiple(1, window.Height).PadToMultiple(2, window.Width);
        var (paddedRows, paddedColumns) = (x.Extent(1), x.Extent(2));
        var (paddedHeight, paddedWidth) = (x.Dim(1), x.Dim(2));
        if (padsFirst && isShifted)
        {
            // A window that covers the map sees all of it.
            (down, right) = (down * (paddedRows > graph.Constant([window.Height])).Cast(ElementType.Int64),
                right * (paddedColumns > graph.Constant([window.Width])).Cast(ElementType.Int64));
            x = x.Roll(1, down).Roll(2, right);
        }
        var (channels, count) = (x.Dim(3), window.Height * window.Width);
        // [B, H / h, h, W / w, w, C] to [B, H / h, W / w, h, w, C]
        var (high, wide) = (paddedRows / graph.Constant([window.Height]), paddedColumns / graph.Constant([window.Width]));
        var windows = x.Reshape(
            ((Value[])[graph.Extent(x.Dim(0)), high, graph.Constant([window.Height]), wide, graph.Constant([window.Width]), graph.Extent(channels)]).Concat(0),
            x.Dim(0), Dim.Unknown, window.Height, Dim.Unknown, window.Width, channels)
            .Transpose(0, 1, 3, 2, 4, 5).Reshape(graph.Constant([-1, count, channels.Size!.Value]), Dim.Unknown, count, channels); // of weights
        if (isShifted)
            bias = Masked(bias, paddedRows, paddedColumns, (down, right), window, high, wide, graph.Extent(x.Dim(0)));
        windows = attend(windows, bias);
        var back = windows.Reshape(
            ((Value[])[graph.Constant([-1]), high, wide, graph.Constant([window.Height, window.Width]), graph.Extent(channels)]).Concat(0),
            x.Dim(0), Dim.Unknown, Dim.Unknown, window.Height, window.Width, channels)
            .Transpose(0, 1, 3, 2, 4, 5).Reshape(((Value[])[graph.Extent(x.Dim(0)), paddedRows, paddedColumns, graph.Extent(channels)]).Concat(0),
                x.Dim(0), paddedHeight, paddedWidth, channels);
        if (padsFirst && isShifted)
            back = back.Roll(1, -down).Roll(2, -right);
        back = back.Crop(1, rows, height).Crop(2, columns, width);
        return !padsFirst && isShifted ? back.Roll(1, -down).Roll(2, -right) : back;
    }

    /// <summary>Joins each two by two places, normalises and projects: [B, H, W, C] to [B, ceil(H / 2), ceil(W / 2), 2 C].</summary>
    public static Value MergePatches(this Value x, Func<Value, Value> project)
    {
        x = x.PadToMultiple(1, 2).PadToMultiple(2, 2);
        Value Every(int row, int column) => x.Slice(1, row, step: 2).Slice(2, column, step: 2);
        return project(((Value[])[Every(0, 0), Every(1, 0), Every(0, 1), Every(1, 1)]).Concat(3));
    }

    // Adds rows or columns of zeros until the extent is a multiple.
    private static Value PadToMultiple(this Value x, int axis, int multiple)
    {
        var graph = x.Graph;
        if (x.Dim(axis).Size is { } size)
        {
            var missing = (multiple - size % multiple) % multiple;
            return missing == 0 ? x : x.PadEnd(axis, graph.Constant([missing]), size + missing);
        }
        var step = graph.Constant([multiple]);
        var extent = x.Extent(axis);
        // Division of whole numbers leaves no rest.
        return x.PadEnd(axis, (extent + (step - graph.Constant([1]))) / step * step - extent, Dim.Unknown);
    }

    // Moves what stands at `amount` to the front; the front goes to the end. Negative amounts count from the end.
    private static Value Roll(this Value x, int axis, Value amount)
    {
        var graph = x.Graph;
        Value none = graph.Constant([0]), all = graph.Constant([long.MaxValue]);
        var dims = x.Dims.ToArray();
        return graph.Node("Concat", [x.Slice(axis, amount, all, Dim.Unknown), x.Slice(axis, none, amount, Dim.Unknown)], x.Type, dims,
            [Attr.Of("axis", axis)]);
    }

    private static Value Crop(this Value x, int axis, Value extent, Dim dim) => x.Dim(axis).Size is { } size && dim.Size == size ? x
        : x.Slice(axis, x.Graph.Constant([0]), extent, dim);

    // Places of one window that were apart before the map was rolled do not see each other: [B * windows, heads, N, N].
    private static Value Masked(Value bias, Value rows, Value columns, (Value Down, Value Right) shift, (int Height, int Width) window,
        Value down, Value right, Value batch)
    {
        var graph = bias.Graph;
        // The region of each row: those before the last window, those of it, and of these the ones that came from the front.
        Value Regions(Value extent, Value amount, int size)
        {
            var place = extent.Range(Dim.Unknown);
            var isLast = (place >= extent - graph.Constant([size])).Cast(ElementType.Int64);
            return (isLast + (place >= extent - amount).Cast(ElementType.Int64)) * (amount > graph.Constant([0])).Cast(ElementType.Int64);
        }
        var count = window.Height * window.Width;
        var region = (Regions(rows, shift.Down, window.Height) * graph.Constant([3])).Unsqueeze(1) + Regions(columns, shift.Right, window.Width).Unsqueeze(0);
        var windows = region.Reshape(((Value[])[down, graph.Constant([window.Height]), right, graph.Constant([window.Width])]).Concat(0),
            Dim.Unknown, window.Height, Dim.Unknown, window.Width).Transpose(0, 2, 1, 3).Reshape(graph.Constant([-1, count]), Dim.Unknown, count);
        var apart = !windows.Unsqueeze(1).EqualTo(windows.Unsqueeze(2)); // [windows, N, N]
        var mask = apart.Cast(ElementType.Float32).Unsqueeze(0, 2) * OtherRegion; // [1, windows, 1, N, N]
        var heads = bias.Dim(1);
        var shape = ((Value[])[batch, down * right, graph.Extent(heads), graph.Constant([count, count])]).Concat(0);
        var all = graph.Node("Expand", [bias.Unsqueeze(0) + mask, shape], bias.Type, [Dim.Unknown, Dim.Unknown, heads, count, count]);
        return all.Reshape(graph.Constant([-1, heads.Size!.Value, count, count]), Dim.Unknown, heads, count, count); // of weights
    }
}
