using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>What a pipeline answers to one input.</summary>
public abstract record PipelineResult
{
    /// <summary>What the user should know of how the answer came about, as sentences.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Writes the answer as transformers' pipeline returns it for a single input.</summary>
    public abstract void WriteJson(Utf8JsonWriter json);

    /// <summary>Writes the answer as it stands in the list that answers a list of inputs.</summary>
    public virtual void WriteItem(Utf8JsonWriter json) => WriteJson(json);
}

/// <summary>A class and how sure the model is of it.</summary>
public readonly record struct LabelScore(string Label, float Score);

/// <summary>The classes of an input, the likeliest first.</summary>
/// <param name="OnlyBest">Whether no number of classes was asked for, so that there is the likeliest alone.</param>
/// <param name="OfPair">Whether the input was a text with its pair. The original then leaves out the list around
/// <paramref name="OnlyBest"/>.</param>
public sealed record LabelScores(IReadOnlyList<LabelScore> Labels, bool OnlyBest = false, bool OfPair = false) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        if (OnlyBest && OfPair)
        {
            Write(json, Labels[0]);
            return;
        }
        json.WriteStartArray();
        foreach (var label in Labels)
            Write(json, label);
        json.WriteEndArray();
    }

    public override void WriteItem(Utf8JsonWriter json)
    {
        if (OnlyBest)
            Write(json, Labels[0]);
        else
            WriteJson(json);
    }

    private static void Write(Utf8JsonWriter json, LabelScore label)
    {
        json.WriteStartObject();
        json.WriteString("label", label.Label);
        json.WriteNumber("score", label.Score);
        json.WriteEndObject();
    }
}

/// <summary>Numbers that stand for an input: float, of any shape.</summary>
public sealed record Features(Tensor Values) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json) => Write(json, Values.AsSpan<float>(), Values.Shape.Dimensions.AsSpan());

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<float> values, ReadOnlySpan<long> dimensions)
    {
        if (dimensions.IsEmpty)
        {
            json.WriteNumberValue(values[0]);
            return;
        }
        json.WriteStartArray();
        var length = dimensions[0] == 0 ? 0 : (int)(values.Length / dimensions[0]);
        for (var i = 0; i < dimensions[0]; i++)
            Write(json, values.Slice(i * length, length), dimensions[1..]);
        json.WriteEndArray();
    }
}
