using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Attention within square windows of a map (arXiv:2103.14030), shifted by some rows and columns or not. The map is [B, rows,
/// columns, C], of any size: zeros are added below and on the right, and count as the others do.</summary>
/// <remarks>W = windows, S = places of a window, D = size of a head.</remarks>
internal sealed class WindowAttention
{
    // What the original adds to scores of places that the shift brought together.
    private const float Apart = -100;

    private readonly Value _map;
    private readonly int _size;
    private readonly Value? _shift;
    // How many windows lie below each other, and beside each other.
    private readonly Dim _rows, _columns;

    /// <param name="size">Rows and columns of a window.</param>
    /// <param name="shift">How far windows move down and to the right, an int64 [1] below the size; null where they never do.</param>
    public WindowAttention(Value map, int size, Value? shift)
    {
        (_map, _size, _shift) = (map, size, shift);
        var padded = map.PadToMultiple(size, rowAxis: 1);
        Places = shift is null ? padded : Roll(Roll(padded, 1, shift), 2, shift);
        var strips = Places.Reshape(Places.Dim(0), Dim.Rest, size, Places.Dim(2), Places.Dim(3));
        _rows = strips.Dim(1);
        _columns = strips.Reshape(strips.Dim(0), _rows, size, Dim.Rest, size, strips.Dim(4)).Dim(3);
    }

    /// <summary>The map as windows lie on it, padded and shifted: [B, rows, columns, C]. Queries, keys and values are made of it.</summary>
    public Value Places { get; }

    /// <summary>softmax(Q K^T scale + bias) V in each window, with what was padded and shifted undone.</summary>
    /// <param name="query">Of <see cref="Places"/>, as are keys and values: [B, rows, columns, heads * D].</param>
    /// <param name="bias">Added to scores: float [heads, S, S].</param>
    /// <returns>[B, rows of the map, columns of the map, heads * D].</returns>
    public Value Attend(Value query, Value key, Value value, Value bias, int heads, float? scale = null)
    {
        // Windows are heads of their own, so that one bias serves all images.
        var places = Split(query, heads).Attend(Split(key, heads), Split(value, heads), Bias(bias), scale); // [B, S, W * heads * D]
        var joined = places.Reshape(places.Dim(0), _size, _size, _rows, _columns, value.Dim(3)).Transpose(0, 3, 1, 4, 2, 5);
        var map = joined.Reshape(joined.Dim(0), Places.Dim(1), Places.Dim(2), value.Dim(3));
        if (_shift is not null)
            map = Roll(Roll(map, 1, Extent(1) - _shift), 2, Extent(2) - _shift);
        return map.CropTo(_map.Dim(1), _map.Dim(2), rowAxis: 1);
    }

    /// <summary>For every two places of a window the number of their distance in a table of (2 size - 1)^2 rows: [S * S].</summary>
    public static long[] Distances(int size)
    {
        var index = new long[size * size * size * size];
        for (var i = 0; i < index.Length; i++)
        {
            var (query, key) = (i / (size * size), i % (size * size));
            index[i] = (query / size - key / size + size - 1) * (2 * size - 1) + query % size - key % size + size - 1;
        }
        return index;
    }

    /// <summary>What each two places of a window add to scores, of a table with a row for each distance: float [heads, S, S].</summary>
    public static Value BiasOf(Value table, int size) =>
        table.Gather(table.Graph.Constant(Distances(size))).Reshape(size * size, size * size, table.Dim(1)).Transpose(2, 0, 1);

    private Value Extent(int axis) => Places.Graph.Extent(Places.Dim(axis));

    // [B, rows, columns, heads * D] to [B, W * heads, S, D].
    private Value Split(Value map, int heads)
    {
        var width = map.Dim(3).Size!.Value / heads; // projections have known widths
        return map.Reshape(map.Dim(0), _rows, _size, _columns, _size, heads, width)
            .Transpose(0, 1, 3, 5, 2, 4, 6).Reshape(map.Dim(0), Dim.Rest, _size * _size, width);
    }

    // [heads, S, S] to [1, W * heads, S, S], with places that the shift brought together kept apart.
    private Value Bias(Value bias)
    {
        var area = _size * _size;
        if (_shift is null)
            return bias.Expand(_rows, _columns, bias.Dim(0), area, area).Reshape(1, Dim.Rest, area, area);
        var graph = bias.Graph;
        // Rows before the last window, in it, and those that came from the top; likewise columns. Without a shift each window is of one kind.
        Value Regions(int axis)
        {
            var numbers = Extent(axis).Range(Places.Dim(axis));
            return (numbers >= Extent(axis) - graph.Constant([(long)_size])).Cast(ElementType.Int64) + (numbers >= Extent(axis) - _shift).Cast(ElementType.Int64);
        }
        var regions = Regions(1).Unsqueeze(1) * graph.Constant(3L) + Regions(2).Unsqueeze(0);
        var windows = regions.Reshape(_rows, _size, _columns, _size).Transpose(0, 2, 1, 3).Reshape(_rows, _columns, 1, area);
        var apart = (!windows.Unsqueeze(3).EqualTo(windows.Unsqueeze(4))).Cast(ElementType.Float32) * Apart; // [rows, columns, 1, S, S]
        return (apart + bias).Reshape(1, Dim.Rest, area, area);
    }

    // Moves all so that what is at `first` comes first; what was before it follows the last.
    private static Value Roll(Value map, int axis, Value first)
    {
        var (graph, extent) = (map.Graph, map.Dim(axis));
        return ((Value[])[
            map.Slice(axis, first, graph.Constant([long.MaxValue]), Dim.Unknown),
            map.Slice(axis, graph.Constant([0L]), first, Dim.Unknown),
        ]).Concat(axis, extent);
    }
}
