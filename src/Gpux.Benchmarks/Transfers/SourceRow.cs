using System.Globalization;

namespace Gpux.Benchmarks.Transfers;

/// <summary>A row of a source, by the names of its columns. What is missing or empty is null.</summary>
internal abstract class SourceRow(long number)
{
    /// <summary>Counted from 1, the heading left out.</summary>
    public long Number { get; } = number;

    public abstract IReadOnlyList<string> Columns { get; }

    /// <summary>As the source has it, null where the row has nothing in that column.</summary>
    protected abstract string? Value(string column);

    public virtual string? Text(string column) => Value(column) is { Length: > 0 } text ? text : null;

    /// <summary>A text that may be empty without being missing.</summary>
    public virtual string? TextOrEmpty(string column) => Value(column);

    public virtual double? Double(string column)
    {
        if (Text(column) is not { } text)
            return null;
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            throw new RowRefusedException(column, $"{Shown(text)} is no number");
        if (!double.IsFinite(number))
            throw new RowRefusedException(column, $"{Shown(text)} is no finite number");
        return number;
    }

    public virtual long? Int64(string column)
    {
        if (Text(column) is not { } text)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            return number;
        // "8.0" is what a table of floating-point columns makes of 8.
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var whole) && double.IsInteger(whole) && Math.Abs(whole) < 1L << 53)
            return (long)whole;
        throw new RowRefusedException(column, $"{Shown(text)} is no whole number");
    }

    public int? Int32(string column, int atLeast = 0) => Int64(column) switch
    {
        null => null,
        { } number when number >= atLeast && number <= int.MaxValue => (int)number,
        var number => throw new RowRefusedException(column, $"{number} is not between {atLeast} and {int.MaxValue}"),
    };

    /// <summary>An instant; UTC where it says no zone.</summary>
    public virtual DateTimeOffset? Time(string column) => Text(column) is { } text ? SourceTime.Parse(column, text) : null;

    public bool Has(string column) => Columns.Contains(column, StringComparer.Ordinal);

    public string RequiredText(string column) => Text(column) ?? throw new RowRefusedException(column, "it is missing");

    /// <summary>A value in a message: not too long, and on one line.</summary>
    public static string Shown(string text)
    {
        var line = new string([.. text.Take(60).Select(character => char.IsControl(character) ? ' ' : character)]);
        return $"'{line}{(text.Length > 60 ? "…" : "")}'";
    }
}

/// <summary>Why a row is not imported.</summary>
internal sealed class RowRefusedException(string? column, string problem) : Exception(problem)
{
    public string? Column { get; } = column;
}

/// <summary>A row of which the whole is known.</summary>
internal sealed class NamedRow(long number, IReadOnlyDictionary<string, string> values) : SourceRow(number)
{
    public override IReadOnlyList<string> Columns { get; } = [.. values.Keys];

    protected override string? Value(string column) => values.GetValueOrDefault(column);
}
