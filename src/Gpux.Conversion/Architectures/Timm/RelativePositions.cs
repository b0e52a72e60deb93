using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>Biases of attention that depend on how far apart two places of a grid are (arXiv:2103.14030, 2106.08254, 2111.09883).</summary>
internal static class RelativePositions
{
    /// <summary>What a table with a row for each offset gives each pair of places: [1, heads, N, N].</summary>
    /// <param name="table">[(2 rows - 1) (2 columns - 1), heads]; with a class token three rows more: from it, to it, and to itself.</param>
    public static Value RelativeBias(this Value table, int rows, int columns, bool hasClassToken = false)
    {
        var offsets = (2L * rows - 1) * (2L * columns - 1);
        if (rows < 1 || columns < 1 || table.Rank != 2 || table.Dim(0) != (Dim)(offsets + (hasClassToken ? 3 : 0)))
            throw new GraphException("relative_position_bias_table", $"{table} does not fit windows of {rows} by {columns} places.");
        // The row of a pair is a difference of what each of its places stands for.
        var graph = table.Graph;
        var places = new long[rows * columns];
        for (var i = 0; i < places.Length; i++)
            places[i] = i / columns * (2L * columns - 1) + i % columns;
        var place = graph.Constant(places);
        var indices = place.Unsqueeze(1) - place.Unsqueeze(0) + graph.Constant(places[^1]); // [N, N]
        if (hasClassToken)
        {
            var from = graph.Constant(offsets).Expand(1, places.Length);
            var to = graph.Constant(offsets + 1).Expand(places.Length, 1);
            var first = ((Value[])[graph.Constant(offsets + 2).Expand(1, 1), from]).Concat(axis: 1);
            indices = ((Value[])[first, ((Value[])[to, indices]).Concat(axis: 1)]).Concat(axis: 0);
        }
        var bias = table.Gather(indices);
        return bias.Transpose(2, 0, 1).Unsqueeze(0);
    }

    /// <summary>All offsets between places of a grid, as logarithms: [(2 rows - 1) (2 columns - 1), 2], down and right.</summary>
    /// <param name="isScaled">Whether offsets are stretched to 8, as in Swin V2; else they count as they are.</param>
    public static Value LogarithmicOffsets(this GraphBuilder graph, int rows, int columns, bool isScaled)
    {
        var offsets = new float[(2 * rows - 1) * (2 * columns - 1) * 2];
        var i = 0;
        for (var down = 1 - rows; down < rows; down++)
        {
            for (var right = 1 - columns; right < columns; right++)
            {
                offsets[i++] = Logarithm(down, rows);
                offsets[i++] = Logarithm(right, columns);
            }
        }
        return graph.Constant(offsets, offsets.Length / 2, 2);

        float Logarithm(int offset, int extent) => !isScaled ? MathF.Sign(offset) * MathF.Log(1f + MathF.Abs(offset))
            : extent == 1 ? 0 : MathF.Sign(offset) * MathF.Log2(1f + MathF.Abs(offset / (float)(extent - 1) * 8)) / 3f;
    }
}
