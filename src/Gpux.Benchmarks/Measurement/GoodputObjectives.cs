using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Results;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Bounds that a request must keep, all of them, to count as good.</summary>
/// <remarks>Source: goodput of vLLM bench serve 0.11. As there, a text of a single token, which has no time between tokens, keeps any bound of it.</remarks>
public sealed record GoodputObjectives
{
    private const string LatencyName = "latency", FirstName = "ttft", EachName = "tpot";

    // What its metric allows.
    private static readonly double LongestSeconds = Metric.Latency.Maximum;

    /// <summary>The most of <see cref="Metric.Latency"/>; null for no bound.</summary>
    public TimeSpan? Latency { get; init; }

    /// <summary>The most of <see cref="Metric.TimeToFirstToken"/>; null for no bound.</summary>
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>The most of <see cref="Metric.TimePerOutputToken"/>; null for no bound.</summary>
    public TimeSpan? TimePerOutputToken { get; init; }

    /// <summary>Whether only generated texts can keep them.</summary>
    internal bool NeedTokens => TimeToFirstToken is not null || TimePerOutputToken is not null;

    /// <param name="texts">Such as "latency=50ms", "ttft=0.2s,tpot=20ms": names and times in s, ms or us. At least one.</param>
    /// <exception cref="FormatException">A text is something else, or bounds something twice.</exception>
    public static GoodputObjectives Parse(IEnumerable<string> texts)
    {
        var objectives = new GoodputObjectives();
        foreach (var text in texts.SelectMany(text => text.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (text.Split('=', StringSplitOptions.TrimEntries) is not [var name, var time])
                throw new FormatException($"'{text}' is no name with a time");
            var next = name switch
            {
                LatencyName => objectives with { Latency = Time(text, time) },
                FirstName => objectives with { TimeToFirstToken = Time(text, time) },
                EachName => objectives with { TimePerOutputToken = Time(text, time) },
                _ => throw new FormatException($"'{name}' is none of {LatencyName}, {FirstName} and {EachName}"),
            };
            if (next.Bounds.Count == objectives.Bounds.Count)
                throw new FormatException($"{name} is given twice");
            objectives = next;
        }
        return objectives.Bounds.Count > 0 ? objectives : throw new FormatException("it bounds nothing");
    }

    /// <param name="latency">Nanoseconds.</param>
    /// <param name="tokens">Null where none are generated.</param>
    internal bool AreKeptBy(long latency, in TokenTimes? tokens) => Keeps(latency, Latency) && Keeps(tokens?.First, TimeToFirstToken) && Keeps(tokens?.Each, TimePerOutputToken);

    /// <summary>"latency &lt;= 50 ms, ttft &lt;= 200 ms".</summary>
    public override string ToString() => string.Join(", ", Bounds.Select(bound => string.Create(CultureInfo.InvariantCulture,
        $"{bound.Name} <= {(bound.Most < TimeSpan.FromSeconds(1) ? $"{bound.Most.TotalMilliseconds} ms" : $"{bound.Most.TotalSeconds} s")}")));

    // An object of seconds by name.
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var (name, most) in Bounds)
            json.WriteNumber(name, most.TotalSeconds);
        json.WriteEndObject();
    }

    /// <exception cref="FormatException">A time is out of range.</exception>
    /// <exception cref="InvalidOperationException">It is not what <see cref="WriteTo"/> writes.</exception>
    internal static GoodputObjectives Read(JsonElement json)
    {
        TimeSpan? Bound(string name) => json.TryGetProperty(name, out var seconds) ? Checked(name, seconds.GetDouble() * TimeSpan.TicksPerSecond) : null;
        return new GoodputObjectives { Latency = Bound(LatencyName), TimeToFirstToken = Bound(FirstName), TimePerOutputToken = Bound(EachName) };
    }

    private List<(string Name, TimeSpan Most)> Bounds
    {
        get
        {
            var bounds = new List<(string, TimeSpan)>();
            foreach (var (name, most) in ((string, TimeSpan?)[])[(LatencyName, Latency), (FirstName, TimeToFirstToken), (EachName, TimePerOutputToken)])
                if (most is { } bound)
                    bounds.Add((name, bound));
            return bounds;
        }
    }

    private static bool Keeps(long? nanoseconds, TimeSpan? most) => most is not { } bound || nanoseconds is null || nanoseconds <= NanosecondClock.Of(bound);

    private static TimeSpan Time(string text, string time) => TimeText.Ticks(time) is not { } ticks ? throw new FormatException($"'{text}' has no unit: {TimeText.Known}")
        : double.IsNaN(ticks) ? throw new FormatException($"'{text}' has no number") : Checked(text, ticks);

    // Rounded, for 5 us are no whole number of ticks in binary fractions of a second.
    private static TimeSpan Checked(string text, double ticks) => Math.Round(ticks) is var whole && whole >= 1 && whole <= LongestSeconds * TimeSpan.TicksPerSecond ? TimeSpan.FromTicks((long)whole)
        : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{text}' is not more than 0 and at most {LongestSeconds:0} s"));
}

/// <summary>How many requests kept their objectives.</summary>
/// <param name="Requests">That ended in the measured time; those that failed are among them, and keep nothing.</param>
public sealed record GoodputShare(GoodputObjectives Objectives, long Good, long Requests)
{
    private const string Property = "goodput";

    /// <summary>0 to 1; 0 where no request ended.</summary>
    public double Share => Requests > 0 ? (double)Good / Requests : 0;

    /// <summary>Reads it from what a run says beside its metrics (<see cref="BenchmarkRun.EnvironmentJson"/>): the metric itself has no place for the objectives,
    /// and goodputs of unlike objectives are not to be compared.</summary>
    /// <returns>Null where the run does not say it.</returns>
    public static GoodputShare? Of(BenchmarkRun run)
    {
        if (run.EnvironmentJson is not { } environment)
            return null;
        try
        {
            using var document = JsonDocument.Parse(environment);
            return document.RootElement.TryGetProperty(Property, out var json)
                ? new GoodputShare(GoodputObjectives.Read(json.GetProperty("objectives")), json.GetProperty("good").GetInt64(), json.GetProperty("requests").GetInt64()) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // Whatever another program keeps under this name.
            return null;
        }
    }

    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject(Property);
        json.WritePropertyName("objectives");
        Objectives.WriteTo(json);
        json.WriteNumber("good", Good);
        json.WriteNumber("requests", Requests);
        json.WriteNumber("share", Share);
        json.WriteEndObject();
    }
}
