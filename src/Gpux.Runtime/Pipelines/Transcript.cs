using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>What is said in a sound.</summary>
/// <param name="Chunks">The characters or the words with their times; null if no times were asked for.</param>
public sealed record Transcript(string Text, IReadOnlyList<TimedText>? Chunks) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("text", Text);
        if (Chunks is not null)
        {
            json.WriteStartArray("chunks");
            foreach (var chunk in Chunks)
            {
                json.WriteStartObject();
                json.WriteString("text", chunk.Text);
                json.WriteStartArray("timestamp");
                WriteSeconds(json, chunk.StartSeconds);
                WriteSeconds(json, chunk.EndSeconds);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    // A time is no whole number, even where it happens to be one.
    private static void WriteSeconds(Utf8JsonWriter json, double seconds)
    {
        if (Math.Truncate(seconds) == seconds)
            json.WriteNumberValue((decimal)seconds + 0.0m); // keeps the digit behind the point
        else
            json.WriteNumberValue(seconds);
    }
}

/// <summary>A character or a word, and when it is said.</summary>
public readonly record struct TimedText(string Text, double StartSeconds, double EndSeconds);
