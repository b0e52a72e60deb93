using System.Globalization;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Which version of a model is newer. Versions are often added after the fact, and results linked to them later still, so that it is not the order in which they
/// were added: tags that are all numbers, such as v1.10 after v1.9, say it; else when each was measured last.</summary>
internal sealed class VersionOrder
{
    private readonly Dictionary<long, int> _ranks = [];
    private readonly Dictionary<long, string> _tags = [];

    /// <param name="versions">Of any models.</param>
    /// <param name="cells">What was measured of them.</param>
    public VersionOrder(IEnumerable<ModelVersion> versions, IEnumerable<Cell> cells)
    {
        var measured = new Dictionary<long, DateTimeOffset>();
        foreach (var cell in cells)
            if (cell.VersionId is { } id && (!measured.TryGetValue(id, out var last) || cell.MeasuredAt > last))
                measured[id] = cell.MeasuredAt;
        foreach (var model in versions.GroupBy(version => version.ModelId))
        {
            var all = model.ToArray();
            var numbers = Array.ConvertAll(all, version => Numbers(version.Tag));
            var ordered = Array.TrueForAll(numbers, number => number is not null)
                ? all.Zip(numbers).OrderBy(entry => entry.Second!, NumberComparer.Instance).ThenBy(entry => entry.First.Id).Select(entry => entry.First) // checked
                : all.OrderBy(version => measured.GetValueOrDefault(version.Id)).ThenBy(version => version.Id);
            var rank = 0;
            foreach (var version in ordered)
            {
                _ranks.Add(version.Id, ++rank);
                _tags.Add(version.Id, version.Tag);
            }
        }
    }

    public static VersionOrder Empty { get; } = new([], []);

    /// <summary>From 1, among the versions of its model, the oldest first; 0 for no version.</summary>
    public int Rank(long? versionId) => versionId is { } id ? _ranks.GetValueOrDefault(id) : 0;

    /// <returns>Null for no version.</returns>
    public string? Tag(long? versionId) => versionId is { } id ? _tags.GetValueOrDefault(id) : null;

    // Of "v1.10.2": 1, 10, 2. Null where it is anything else.
    private static int[]? Numbers(string tag)
    {
        var parts = (tag.StartsWith('v') || tag.StartsWith('V') ? tag[1..] : tag).Split('.');
        var numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return null;
        return numbers;
    }

    private sealed class NumberComparer : IComparer<int[]>
    {
        public static NumberComparer Instance { get; } = new();

        public int Compare(int[]? x, int[]? y) => x.AsSpan().SequenceCompareTo(y);
    }
}

/// <summary>A version of a model, as the database has it.</summary>
internal sealed record ModelVersion(long Id, long ModelId, string Tag);
