namespace Gpux.Benchmarks.Charts;

/// <summary>A text beside points that touch each other and are of one kind, or beside one.</summary>
/// <param name="Points">At least one; any of them may be the one that it stands beside.</param>
internal sealed record PointLabel(IReadOnlyList<PointMark> Points, string Text);

/// <summary>What to write beside the points of a chart.</summary>
internal static class PointLabels
{
    /// <param name="room">Letters that a label may have.</param>
    /// <param name="areTouching">Whether two points are seen as one.</param>
    public static IReadOnlyList<PointLabel> Of(Chart chart, int room, Func<PointMark, PointMark, bool> areTouching)
    {
        List<PointLabel> labels = [];
        // Those of a series have more in common than all.
        foreach (var series in chart.Marks.OfType<PointMark>().Where(point => point.Label is not null).GroupBy(point => point.Series))
        {
            var clusters = series.GroupBy(point => point.Kind ?? point.Label).SelectMany(alike => alike.First().Kind is null ? [.. alike.Select(point => (PointMark[])[point])] : Clusters([.. alike], areTouching)).ToArray();
            var texts = ShortNames.Fit([.. clusters.Select(Text)], room);
            labels.AddRange(clusters.Zip(texts, (points, text) => new PointLabel(points, text)));
        }
        return labels;
    }

    private static string Text(PointMark[] points) => points switch
    {
        [var one] => one.Label!, // chosen by it
        [{ Kind: "" }, ..] => RunCharts.Count(points.Length),
        _ => $"{points[0].Kind} ({RunCharts.Count(points.Length)})",
    };

    private static IEnumerable<PointMark[]> Clusters(List<PointMark> left, Func<PointMark, PointMark, bool> areTouching)
    {
        while (left.Count > 0)
        {
            List<PointMark> cluster = [left[0]];
            left.RemoveAt(0);
            // It grows by what touches any of it.
            for (var i = 0; i < cluster.Count; i++)
            {
                cluster.AddRange(left.Where(point => areTouching(cluster[i], point)));
                left.RemoveAll(cluster.Contains);
            }
            yield return [.. cluster];
        }
    }
}
