using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gpux.Cli.Terminals;

/// <summary>Writes progress for programs: one JSON object a line, as it comes.</summary>
/// <remarks>Fields: <c>step</c>; <c>item</c>, null for the step as a whole; <c>done</c>; <c>total</c>, null while unknown;
/// <c>unit</c>, "bytes", "items" or "percent"; <c>rate</c>, done a second over the last seconds, null at first; <c>seconds_left</c>, null
/// while nothing can be said.</remarks>
internal sealed class ProgressEvents(TextWriter output, TimeProvider clock) : IProgress<Progress>
{
    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _line = new(256);
    private readonly Dictionary<(string Step, string? Item), RecentRate> _rates = [];

    /// <summary>Takes a report from any thread.</summary>
    public void Report(Progress value)
    {
        lock (_lock)
        {
            var key = (value.Step, value.Item);
            if (!_rates.TryGetValue(key, out var recent))
                _rates[key] = recent = new RecentRate(clock);
            recent.Add(value.Done);
            _line.ResetWrittenCount();
            using (var json = new Utf8JsonWriter(_line))
            {
                json.WriteStartObject();
                json.WriteString("step", value.Step);
                json.WriteString("item", value.Item);
                json.WriteNumber("done", value.Done);
                Number(json, "total", value.Total);
                json.WriteString("unit", value.Unit switch { ProgressUnit.Bytes => "bytes", ProgressUnit.Percent => "percent", _ => "items" });
                Number(json, "rate", recent.PerSecond is { } rate ? (long)rate : null);
                Number(json, "seconds_left", recent.PerSecond is > 0 and var now && value.Total is { } total
                    ? (long)Math.Ceiling((total - value.Done) / now) : null);
                json.WriteEndObject();
            }
            output.WriteLine(Encoding.UTF8.GetString(_line.WrittenSpan));
            output.Flush();
            if (value.Done == value.Total)
                _rates.Remove(key);
        }
    }

    private static void Number(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
