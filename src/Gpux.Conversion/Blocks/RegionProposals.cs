using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What detectors of two stages start from: a box around every place of several maps. B = images, N = places of all maps.</summary>
internal static class RegionProposals
{
    // Of a box on the finest map, as a share of the image; boxes of the next map are twice as large.
    private const float Side = 0.05f;

    // How near to the image's border, and to its whole size, a proposal may come.
    private const float Border = 0.01f;

    /// <param name="shares">How much of each level is image, x and y: [B, 1, 2] each; null where there is no padding.</param>
    /// <param name="marks">float [B, N, 1]: 1 for the image, 0 for padding; null where there is none.</param>
    /// <returns>The boxes' middles and sizes before the sigmoid, float [B, N, 4], infinite for those that do not count; and whether they
    /// count, bool [B, N, 1]. Without shares B is 1.</returns>
    public static (Value Logits, Value Counts) BoxesAround(this MapLevels levels, GraphBuilder graph, IReadOnlyList<Value>? shares = null, Value? marks = null)
    {
        var sides = new List<Value>();
        for (var i = 0; i < levels.Sizes.Count; i++)
            sides.Add(graph.Constant([Side * MathF.Pow(2, i)], 1, 1, 1).Expand(levels.Sizes[i].Rows, levels.Sizes[i].Columns, 2).Reshape(1, Dim.Rest, 2));
        var (middles, sizes) = (levels.Middles(graph, shares), sides.Concat(axis: 1));
        var boxes = ((Value[])[middles, sizes.Expand(middles.Dim(0), sizes.Dim(1), 2)]).Concat(axis: 2);
        var counts = ((boxes > graph.Scalar(Border, ElementType.Float32)) & (boxes < graph.Scalar(1 - (double)Border, ElementType.Float32)))
            .Cast(ElementType.Float32).Sum(axis: 2, keep: true) > graph.Scalar(3.5, ElementType.Float32); // all four numbers
        if (marks is not null)
            counts &= marks > graph.Scalar(0.5, ElementType.Float32);
        return (counts.Where((boxes / (1f - boxes)).Log(), graph.Scalar(double.PositiveInfinity, ElementType.Float32)), counts);
    }

    /// <summary>Rows by number: [B, N, D] and int64 [B, Q] to [B, Q, D].</summary>
    public static Value Rows(this Value of, Value numbers) =>
        of.GatherElements(numbers.Unsqueeze(2).Expand(numbers.Dim(0), numbers.Dim(1), of.Dim(2)), axis: 1);
}
