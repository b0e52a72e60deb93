using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

internal static class AnswerJson
{
    /// <summary>Writes one answer as an object, and any other number of them as a list of objects, as the original does.</summary>
    /// <param name="write">Writes the fields of an answer.</param>
    public static void WriteOneOrMany<T>(this Utf8JsonWriter json, IReadOnlyList<T> answers, Action<Utf8JsonWriter, T> write)
    {
        if (answers.Count != 1)
            json.WriteStartArray();
        foreach (var answer in answers)
        {
            json.WriteStartObject();
            write(json, answer);
            json.WriteEndObject();
        }
        if (answers.Count != 1)
            json.WriteEndArray();
    }
}
