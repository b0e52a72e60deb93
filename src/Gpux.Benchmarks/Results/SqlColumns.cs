using Gpux.Benchmarks.Database;

namespace Gpux.Benchmarks.Results;

/// <summary>Reads a row's columns one after the other.</summary>
internal struct SqlColumns(ISqlRows rows)
{
    private int _next;

    public string Text() => rows.Text(_next++);

    public long Int64() => rows.Int64(_next++);

    public int Int32() => checked((int)Int64());

    public double Double() => rows.Double(_next++);

    public DateTimeOffset Time() => rows.Time(_next++);

    public string? TextOrNull() => rows.IsNull(_next++) ? null : rows.Text(_next - 1);

    public long? Int64OrNull() => rows.IsNull(_next++) ? null : rows.Int64(_next - 1);

    public int? Int32OrNull() => checked((int?)Int64OrNull());

    public double? DoubleOrNull() => rows.IsNull(_next++) ? null : rows.Double(_next - 1);
}
