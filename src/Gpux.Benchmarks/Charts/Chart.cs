namespace Gpux.Benchmarks.Charts;

/// <summary>What a picture shows, in numbers and words: how it is drawn is <see cref="ChartSvg"/>'s and the terminal's.</summary>
/// <param name="Title">One line.</param>
/// <param name="Description">What there is to see, in words, for people who cannot see it.</param>
public sealed record Chart(string Title, string Description, Axis X, Axis Y, IReadOnlyList<Series> Series, IReadOnlyList<Mark> Marks)
{
    /// <summary>What was measured under which conditions; null for none.</summary>
    public string? Subtitle { get; init; }

    /// <summary>How many runs are in it; why others are not stands in the notes.</summary>
    public int RunCount { get; init; }

    /// <summary>What the reader must know to read it right: below the picture.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>A group of marks of one colour and shape, with a name in the legend.</summary>
/// <param name="IsPredicted">Whether its numbers were not measured; such marks are hollow.</param>
public sealed record Series(string Name, bool IsPredicted = false);

public enum AxisScale
{
    Linear,
    Log,

    /// <summary>Seconds since 1970 in UTC.</summary>
    Time,

    /// <summary>Numbers 0, 1, 2 stand for <see cref="Axis.Categories"/>; on a vertical axis the first is on top.</summary>
    Category,
}

/// <param name="Unit">Of the numbers, an SI base unit as in <see cref="Results.Metric"/>; "" for none.</param>
public sealed record Axis(string Title, string Unit, AxisScale Scale)
{
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>A number that must be in sight, such as the 1 of a ratio; null for none.</summary>
    public double? Shown { get; init; }

    /// <summary>Which end is better: "lower is better"; null where none is.</summary>
    public string? Better { get; init; }
}

/// <summary>Something that is drawn. <see cref="Series"/> is its place in <see cref="Chart.Series"/>.</summary>
public abstract record Mark(int Series);

/// <param name="Steps">Whether the line goes to the right and then up, as a distribution does.</param>
public sealed record LineMark(int Series, IReadOnlyList<(double X, double Y)> Points, bool Steps = false) : Mark(Series)
{
    /// <summary>Written at its end; null for none.</summary>
    public string? Label { get; init; }
}

/// <param name="Text">In words, shown where the reader points.</param>
public sealed record PointMark(int Series, double X, double Y, string Text) : Mark(Series)
{
    /// <summary>An interval of Y; null for none.</summary>
    public (double Low, double High)? Interval { get; init; }

    /// <summary>An interval of X; null for none.</summary>
    public (double Low, double High)? HorizontalInterval { get; init; }

    /// <summary>Written beside the point, or where there is no room below a number in the picture's key; null for none.</summary>
    public string? Label { get; init; }

    /// <summary>The label without what tells the point from others that are otherwise alike: those of one kind that touch each other share a label. Null for a label of its own.</summary>
    public string? Kind { get; init; }

    /// <summary>Small and pale: one of many raw values.</summary>
    public bool IsRaw { get; init; }
}

/// <summary>What lies between two lines.</summary>
public sealed record BandMark(int Series, IReadOnlyList<(double X, double Low, double High)> Points) : Mark(Series);

/// <summary>Quartiles along the horizontal axis, at a category of the vertical one.</summary>
/// <param name="Low">Where the whisker begins.</param>
public sealed record BoxMark(int Series, int Category, double Low, double LowerQuartile, double Median, double UpperQuartile, double High, string Text) : Mark(Series);

/// <summary>A bar from zero along the horizontal axis, at a category of the vertical one.</summary>
public sealed record BarMark(int Series, int Category, double Length, string Text) : Mark(Series)
{
    public (double Low, double High)? Interval { get; init; }
}

/// <summary>A field of a heat map.</summary>
/// <param name="Shade">0 (worst) to 1 (best).</param>
/// <param name="Value">As it is written.</param>
/// <param name="Detail">Below it: how many, and the interval.</param>
/// <param name="IsPredicted">Not measured: hatched.</param>
public sealed record CellMark(int Column, int Row, double Shade, string Value, string Detail, bool IsPredicted, string Text) : Mark(0)
{
    /// <summary>Between the two parts of <see cref="Detail"/>, of which the first is the more important.</summary>
    internal const string Separator = " · ";
}

/// <summary>A line across, at a number of the horizontal axis.</summary>
public sealed record RuleMark(double X, string Label) : Mark(0);
