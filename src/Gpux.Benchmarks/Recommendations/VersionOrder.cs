using System.Globalization;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Which version of a model is newer. Versions are often added after the fact, and results linked to them later still, so that it is not the order in which they
/// were added: tags that are all numbers, such as v1.10 after v1.9, say it; else when each was measured last.</summary>
internal sealed class VersionOrder
{
    private readonly Dictionary<long, Place> _places = [];

    /// <param name="versions">Of any models.</param>
    /// <param name="cells">What was measured of them.</param>
    public VersionOrder(IEnumerable<ModelVersion> versions, IEnumerable<Cell> cells)
    {
        var models = new Dictionary<long, List<Place>>();
        foreach (var version in versions)
        {
            var place = new Place(version);
            _places.Add(version.Id, place);
            if (!models.TryGetValue(version.ModelId, out var all))
                models.Add(version.ModelId, all = []);
            all.Add(place);
        }
        if (models.Count == 0)
            return;
        foreach (var cell in cells)
            if (cell.VersionId is { } id && _places.TryGetValue(id, out var place) && cell.MeasuredAt > place.MeasuredAt)
                place.MeasuredAt = cell.MeasuredAt;
        foreach (var all in models.Values)
        {
            all.Sort(all.TrueForAll(place => place.Numbers is not null) ? Place.CompareNumbers : Place.CompareTimes);
            for (var i = 0; i < all.Count; i++)
                all[i].Rank = i + 1;
        }
    }

    public static VersionOrder Empty { get; } = new([], []);

    /// <summary>From 1, among the versions of its model, the oldest first; 0 for no version.</summary>
    public int Rank(long? versionId) => versionId is { } id && _places.TryGetValue(id, out var place) ? place.Rank : 0;

    /// <returns>Null for no version.</returns>
    public string? Tag(long? versionId) => versionId is { } id && _places.TryGetValue(id, out var place) ? place.Version.Tag : null;

    // Of "v1.10.2": 1, 10, 2. Null where it is anything else.
    private static int[]? NumbersOf(string tag)
    {
        var parts = (tag.StartsWith('v') || tag.StartsWith('V') ? tag[1..] : tag).Split('.');
        var numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                return null;
        return numbers;
    }

    private sealed class Place(ModelVersion version)
    {
        public ModelVersion Version => version;
        public int[]? Numbers { get; } = NumbersOf(version.Tag);
        public DateTimeOffset MeasuredAt { get; set; } // the first moment where it never was
        public int Rank { get; set; }

        public static int CompareNumbers(Place a, Place b) => a.Numbers.AsSpan().SequenceCompareTo(b.Numbers) is not 0 and var order ? order : a.Version.Id.CompareTo(b.Version.Id);

        public static int CompareTimes(Place a, Place b) => a.MeasuredAt.CompareTo(b.MeasuredAt) is not 0 and var order ? order : a.Version.Id.CompareTo(b.Version.Id);
    }
}

/// <summary>A version of a model, as the database has it.</summary>
internal sealed record ModelVersion(long Id, long ModelId, string Tag);
