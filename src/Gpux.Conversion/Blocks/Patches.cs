using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>Images as rows of tokens. B = batch, N = patches, H = hidden size.</summary>
internal static class Patches
{
    /// <summary>The image, float [B, channels, height, width], of any height and width.</summary>
    public static Value Pixels(this GraphBuilder graph, int channels) =>
        graph.Input("pixel_values", ElementType.Float32, "batch_size", channels, "height", "width");

    /// <summary>The image of a model that takes one size alone.</summary>
    public static Value Pixels(this GraphBuilder graph, int channels, (int Height, int Width) size) =>
        graph.Input("pixel_values", ElementType.Float32, "batch_size", channels, size.Height, size.Width);

    /// <summary>The number of channels that config.json states, 3 if it does not.</summary>
    public static int Channels(this ModelConfig json, string name = "num_channels") => json.Int(name, 3, minimum: 1);

    /// <summary>Projects each patch of an image by a module's weight, and the bias if there is one: a map [B, H, rows, columns].</summary>
    public static Value Project(this Value pixels, Weights projection)
    {
        var kernel = projection.Kernel();
        var patch = ((int)kernel.Dim(2).Size!.Value, (int)kernel.Dim(3).Size!.Value); // weights have known extents
        return pixels.Conv2D(kernel, projection.Find("bias"), patch, padding: (0, 0));
    }

    /// <summary>[B, H, rows, columns] as [B, rows * columns, H].</summary>
    public static Value ToTokens(this Value map) => map.Reshape(map.Dim(0), map.Dim(1), Dim.Rest).Transpose(0, 2, 1);

    /// <summary>[B, rows * columns, H] as [B, H, rows, columns].</summary>
    public static Value ToMap(this Value tokens, Dim rows, Dim columns) =>
        tokens.Transpose(0, 2, 1).Reshape(tokens.Dim(0), tokens.Dim(2), rows, columns);

    /// <summary>[B, H, rows, columns] as [B, rows, columns, H].</summary>
    public static Value ChannelsLast(this Value map) => map.Transpose(0, 2, 3, 1);

    /// <summary>[B, rows, columns, H] as [B, H, rows, columns].</summary>
    public static Value ChannelsFirst(this Value map) => map.Transpose(0, 3, 1, 2);

    /// <summary>Rows and columns of a map as an int64 [2].</summary>
    public static Value SizeOf(this Value map) =>
        ((Value[])[map.Graph.Extent(map.Dim(-2)), map.Graph.Extent(map.Dim(-1))]).Concat(0);

    /// <summary>Puts learned tokens [1, count, H] before those of each image.</summary>
    public static Value Prepend(this Value tokens, params IEnumerable<Value> learned) =>
        ((Value[])[.. learned.Select(token => token.Expand(tokens.Dim(0), token.Dim(1), tokens.Dim(2))), tokens]).Concat(axis: 1);

    /// <summary>Replaces the tokens that are marked with a learned one.</summary>
    /// <param name="masked">float [B, N, 1], 1 where marked; null where nothing can be.</param>
    public static Value Mask(this Value tokens, Value? masked, Weights embeddings)
    {
        if (masked is null)
        {
            embeddings.Ignore("mask_token");
            return tokens;
        }
        return tokens * (1f - masked) + embeddings.Get("mask_token") * masked;
    }

    /// <summary>Declares the input that marks the patches to be replaced: float [B, N, 1]. One value may stand for all patches.</summary>
    public static Value MaskedPatches(this GraphBuilder graph) =>
        graph.Input("bool_masked_pos", ElementType.Bool, "batch_size", "num_patches").Cast(ElementType.Float32).Unsqueeze(2);

    /// <summary>Fits a table of positions to an image: those of leading tokens as they are, those of patches interpolated (bicubic)
    /// from the trained rows and columns to the image's.</summary>
    /// <param name="table">[1, leading + trained rows * columns, H].</param>
    /// <param name="map">The patches of the image, [B, H, rows, columns].</param>
    /// <returns>[1, leading + N, H].</returns>
    public static Value FitPositions(this Value table, int leading, (int Rows, int Columns) trained, Value map) =>
        table.FitPositions(leading, trained, patches => patches.ResizeBicubic(map.SizeOf(), map.Dim(2), map.Dim(3)));

    /// <summary>Fits a table of positions to an image by another interpolation of what belongs to patches, [1, H, rows, columns].</summary>
    /// <inheritdoc cref="FitPositions(Value, int, ValueTuple{int, int}, Value)"/>
    public static Value FitPositions(this Value table, int leading, (int Rows, int Columns) trained, Func<Value, Value> resize)
    {
        var width = table.Dim(2);
        var patches = (leading == 0 ? table : table.Slice(axis: 1, leading)).Transpose(0, 2, 1).Reshape(1, width, trained.Rows, trained.Columns);
        var fitted = resize(patches).Reshape(1, width, Dim.Rest).Transpose(0, 2, 1);
        return leading == 0 ? fitted : ((Value[])[table.Slice(axis: 1, 0, leading), fitted]).Concat(axis: 1);
    }

    /// <summary>Adds zeros below and on the right until rows and columns are multiples of an extent.</summary>
    /// <param name="rowAxis">The axis of the rows; the next one is that of the columns.</param>
    public static Value PadToMultiple(this Value map, int multiple, int rowAxis) => map.PadToMultiple((multiple, multiple), rowAxis);

    /// <inheritdoc cref="PadToMultiple(Value, int, int)"/>
    public static Value PadToMultiple(this Value map, (int Rows, int Columns) multiple, int rowAxis)
    {
        var graph = map.Graph;
        if (map.Dim(rowAxis).Size is { } rows && map.Dim(rowAxis + 1).Size is { } columns)
        {
            var (below, right) = ((multiple.Rows - rows % multiple.Rows) % multiple.Rows, (multiple.Columns - columns % multiple.Columns) % multiple.Columns);
            return below == 0 && right == 0 ? map : map.PadZeros(graph.Constant([0, 0, below, right]), rowAxis, rowAxis + 1);
        }
        var none = graph.Constant([0L]);
        Value Missing(int axis, int of) => (none - graph.Extent(map.Dim(axis))).Modulo(of);
        return multiple == (1, 1) ? map
            : map.PadZeros(((Value[])[none, none, Missing(rowAxis, multiple.Rows), Missing(rowAxis + 1, multiple.Columns)]).Concat(0), rowAxis, rowAxis + 1);
    }

    /// <summary>Keeps the first rows and columns of a padded map.</summary>
    public static Value CropTo(this Value map, Dim rows, Dim columns, int rowAxis)
    {
        if (map.Dim(rowAxis) == rows && map.Dim(rowAxis + 1) == columns)
            return map; // nothing was added
        var (graph, none) = (map.Graph, map.Graph.Constant([0L]));
        return map.Slice(rowAxis, none, graph.Extent(rows), rows).Slice(rowAxis + 1, none, graph.Extent(columns), columns);
    }
}
