using System.Buffers;
using System.Text;
using System.Text.Json;
using Gpux.Conversion.Precision;
using Gpux.Models.Precision;

namespace Gpux.Benchmarks.Measurement;

/// <summary>What one launch measures: a model in one configuration. Goes to the process that does it as one line of JSON.</summary>
internal sealed record LaunchRequest
{
    /// <summary>As <see cref="ModelReference.Parse"/> reads it.</summary>
    public required string Model { get; init; }

    /// <summary>Null for what the model is for.</summary>
    public string? Task { get; init; }

    public WeightPrecision Precision { get; init; }
    public bool AllowsDamage { get; init; }
    public int Batch { get; init; } = 1;

    /// <summary>Tokens of each row; null for as many as are usual, or as the model takes.</summary>
    public int? Sequence { get; init; }

    /// <summary>Tokens to generate; null likewise.</summary>
    public int? NewTokens { get; init; }

    /// <summary>Null for the CPU.</summary>
    public string? Provider { get; init; }

    /// <summary>0 for one on each core.</summary>
    public int Threads { get; init; }

    public int Concurrency { get; init; } = 1;

    /// <summary>Requests a second; null for a closed loop.</summary>
    public double? Rate { get; init; }

    public int Seed { get; init; }

    /// <summary>Whether the whole pipeline is measured, from a text, an image or a sound to an answer, rather than the session alone.</summary>
    public bool IsEndToEnd { get; init; }

    /// <summary>That good requests keep; null for none.</summary>
    public GoodputObjectives? Objectives { get; init; }

    public MeasurementLimits Limits { get; init; } = MeasurementLimits.Default;

    public string ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            json.WriteString("task", Task);
            json.WriteString("precision", PrecisionNames.Of(Precision));
            json.WriteBoolean("allows_damage", AllowsDamage);
            json.WriteNumber("batch", Batch);
            WriteOptional(json, "sequence", Sequence);
            WriteOptional(json, "new_tokens", NewTokens);
            json.WriteString("provider", Provider);
            json.WriteNumber("threads", Threads);
            json.WriteNumber("concurrency", Concurrency);
            WriteOptional(json, "rate", Rate);
            json.WriteNumber("seed", Seed);
            json.WriteBoolean("end_to_end", IsEndToEnd);
            if (Objectives is not null)
            {
                json.WritePropertyName("objectives");
                Objectives.WriteTo(json);
            }
            json.WriteStartObject("limits");
            json.WriteString("name", Limits.Name);
            json.WriteNumber("window", Limits.Window.TotalSeconds);
            json.WriteNumber("warm_up_least", Limits.WarmUpLeast.TotalSeconds);
            json.WriteNumber("warm_up_most", Limits.WarmUpMost.TotalSeconds);
            json.WriteNumber("least", Limits.Least.TotalSeconds);
            json.WriteNumber("most", Limits.Most.TotalSeconds);
            json.WriteNumber("least_requests", Limits.LeastRequests);
            json.WriteNumber("precision", Limits.Precision);
            json.WriteNumber("agreement", Limits.Agreement);
            json.WriteBoolean("strict", Limits.IsStrict);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <exception cref="LaunchFailedException">It is no request.</exception>
    public static LaunchRequest Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var (json, limits) = (document.RootElement, document.RootElement.GetProperty("limits"));
            return new LaunchRequest
            {
                Model = json.GetProperty("model").GetString() ?? "",
                Task = json.GetProperty("task").GetString(),
                Precision = PrecisionNames.Parse(json.GetProperty("precision").GetString()),
                AllowsDamage = json.GetProperty("allows_damage").GetBoolean(),
                Batch = json.GetProperty("batch").GetInt32(),
                Sequence = json.TryGetProperty("sequence", out var sequence) ? sequence.GetInt32() : null,
                NewTokens = json.TryGetProperty("new_tokens", out var tokens) ? tokens.GetInt32() : null,
                Provider = json.GetProperty("provider").GetString(),
                Threads = json.GetProperty("threads").GetInt32(),
                Concurrency = json.GetProperty("concurrency").GetInt32(),
                Rate = json.TryGetProperty("rate", out var rate) ? rate.GetDouble() : null,
                Seed = json.GetProperty("seed").GetInt32(),
                IsEndToEnd = json.GetProperty("end_to_end").GetBoolean(),
                Objectives = json.TryGetProperty("objectives", out var objectives) ? GoodputObjectives.Read(objectives) : null,
                Limits = new MeasurementLimits
                {
                    Name = limits.GetProperty("name").GetString(),
                    Window = Seconds(limits, "window"),
                    WarmUpLeast = Seconds(limits, "warm_up_least"),
                    WarmUpMost = Seconds(limits, "warm_up_most"),
                    Least = Seconds(limits, "least"),
                    Most = Seconds(limits, "most"),
                    LeastRequests = limits.GetProperty("least_requests").GetInt32(),
                    Precision = limits.GetProperty("precision").GetDouble(),
                    Agreement = limits.GetProperty("agreement").GetDouble(),
                    IsStrict = limits.GetProperty("strict").GetBoolean(),
                },
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or OverflowException)
        {
            throw new LaunchFailedException("What a launch is to measure cannot be read.", "A launch is started by gpux bench; start that.");
        }
    }

    private static TimeSpan Seconds(JsonElement json, string name) => TimeSpan.FromSeconds(json.GetProperty(name).GetDouble());

    private static void WriteOptional(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }
}

/// <summary>A process that was to measure a model did not.</summary>
public sealed class LaunchFailedException(string problem, string remedy) : GpuxException(ErrorCode.LaunchFailed, problem, remedy);
