using System.Globalization;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Which column of a source is which of ours: "latency_ms=latency.e2e:ms" or "gpu=hardware".</summary>
/// <param name="Source">The column, or the path of a JSON property.</param>
/// <param name="Target">A column of <see cref="RunColumns"/>.</param>
/// <param name="Unit">That the source's numbers are in; null for texts and counts.</param>
internal sealed record ColumnMap(string Source, string Target, Unit? Unit)
{
    // Ours, and not for others to say.
    private static readonly string[] Reserved = [RunColumns.Marker, "run_key", "provenance", "provenance_source", "bundle_sha256", "samples_format", "samples_base64"];

    /// <summary>Fields with a unit: the others are texts and counts.</summary>
    private static string? UnitOf(string target) => target switch
    {
        "duration" => "s",
        "offered_rate" => "1/s",
        _ => null,
    };

    /// <exception cref="TransferOptionException">It is no such text, or names what is not there.</exception>
    public static ColumnMap Parse(string text)
    {
        var option = $"--map {text}";
        var equals = text.LastIndexOf('=');
        if (equals <= 0 || equals == text.Length - 1)
            throw new TransferOptionException($"{option} is no column map.", "Write --map column=target:unit, such as --map latency_ms=latency.e2e:ms.");
        var (source, target) = (text[..equals], text[(equals + 1)..]);
        string? unit = null;
        if (target.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            (target, unit) = (target[..colon], target[(colon + 1)..]);
        if (Metric.Find(target) is not null)
            target += ".mean";
        var metric = MetricOf(target, out var statistic);
        if (metric is null && (!RunColumns.FieldNames.Contains(target) || Reserved.Contains(target)))
        {
            var names = Metric.All.Select(known => known.Name).Concat(RunColumns.FieldNames.Except(Reserved));
            throw new TransferOptionException($"{option} names '{target}', which is neither a metric nor a field.",
                $"Closest: {string.Join(", ", Closest(target, names))}.");
        }
        var needed = metric is not null ? (statistic is "n" or "ci_level" ? null : metric.Unit) : UnitOf(target);
        if (needed is null)
            return unit is null ? new ColumnMap(source, target, null)
                : throw new TransferOptionException($"{option} names a unit, and '{target}' has none.", "Leave the unit away.");
        // A share needs no unit to be understood; of everything else there are several in use.
        if (unit is null && needed != "1")
            throw new TransferOptionException($"{option} does not say the unit.",
                $"Say it, such as {source}={target}:{Unit.All.First(known => known.Base == needed).Name}.");
        return new ColumnMap(source, target, Unit.Parse(unit ?? "1", needed, option));
    }

    /// <returns>Null for a column that is no metric's.</returns>
    public static Metric? MetricOf(string column, out string statistic)
    {
        var dot = column.LastIndexOf('.');
        statistic = dot > 0 ? column[(dot + 1)..] : "";
        return dot > 0 && RunColumns.Statistics.Contains(statistic) ? Metric.Find(column[..dot]) : null;
    }

    /// <summary>Names that were perhaps meant, the likeliest first.</summary>
    public static IEnumerable<string> Closest(string name, IEnumerable<string> names) =>
        names.OrderBy(other => Distance(name, other)).ThenBy(other => other, StringComparer.Ordinal).Take(3);

    /// <summary>Letters to insert, delete or replace until the one is the other.</summary>
    private static int Distance(string a, string b)
    {
        // What is far longer than any name of ours is compared by its beginning.
        (a, b) = (a[..Math.Min(a.Length, 100)].ToLowerInvariant(), b[..Math.Min(b.Length, 100)].ToLowerInvariant());
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[b.Length];
    }
}

/// <summary>A row seen through column maps: asked for our columns, it gives the source's, in SI base units.</summary>
/// <param name="names">Tells what a column of ours is called in the source.</param>
internal sealed class MappedRow(SourceRow row, MappedNames names) : SourceRow(row.Number)
{
    public override IReadOnlyList<string> Columns => row.Columns;

    public override string? Text(string column) => row.Text(names.Source(column));

    public override string? TextOrEmpty(string column) => row.Text(names.Source(column));

    public override double? Double(string column)
    {
        var source = names.Source(column);
        var number = row.Double(source);
        if (number is { } value && names.Unit(column) is { } unit)
        {
            var scaled = unit.ToBase(value);
            return double.IsFinite(scaled) ? scaled : throw new RowRefusedException(source,
                string.Create(CultureInfo.InvariantCulture, $"{value:R} {unit.Name} is no finite number of {unit.Base}"));
        }
        return number;
    }

    public override DateTimeOffset? Time(string column) => row.Time(names.Source(column));

    protected override string? Value(string column) => Text(column);
}

/// <summary>What columns of ours are called in a source: by its maps, or else by its format's own rule, which is asked once for each.</summary>
internal sealed class MappedNames(IReadOnlyDictionary<string, ColumnMap> maps, Func<string, string> rule)
{
    private readonly Dictionary<string, string> _sources = new(StringComparer.Ordinal);

    public string Source(string column)
    {
        if (!_sources.TryGetValue(column, out var source))
            _sources.Add(column, source = maps.TryGetValue(column, out var map) ? map.Source : rule(column));
        return source;
    }

    public Unit? Unit(string column) => maps.GetValueOrDefault(column)?.Unit;
}
