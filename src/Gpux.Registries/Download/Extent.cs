namespace Gpux.Registries.Download;

/// <summary>Bytes of a file, from <paramref name="Start"/> up to but without <paramref name="End"/>.</summary>
internal readonly record struct Extent(long Start, long End)
{
    public long Length => End - Start;

    /// <summary>The same bytes in order, those that touch or overlap as one.</summary>
    public static List<Extent> Union(List<Extent> extents)
    {
        extents.Sort(static (left, right) => left.Start.CompareTo(right.Start));
        var union = new List<Extent>();
        foreach (var extent in extents)
        {
            if (extent.Length <= 0)
                continue;
            if (union.Count > 0 && extent.Start <= union[^1].End)
                union[^1] = union[^1] with { End = Math.Max(union[^1].End, extent.End) };
            else
                union.Add(extent);
        }
        return union;
    }

    public static long Sum(List<Extent> extents)
    {
        var sum = 0L;
        foreach (var extent in extents)
            sum += extent.Length;
        return sum;
    }
}
