using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>What a sound is of, the likeliest first.</summary>
public sealed record SoundLabels(IReadOnlyList<LabelScore> Labels) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var label in Labels)
        {
            json.WriteStartObject();
            json.WriteNumber("score", label.Score);
            json.WriteString("label", label.Label);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
