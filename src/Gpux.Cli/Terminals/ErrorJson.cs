using System.Text.Json;

namespace Gpux.Cli.Terminals;

internal static class ErrorJson
{
    /// <summary>Writes an error as the property <c>error</c>: its code, name, problem and remedy.</summary>
    public static void Write(Utf8JsonWriter json, GpuxException error)
    {
        json.WriteStartObject("error");
        json.WriteString("code", $"GPUX{(int)error.Code}");
        json.WriteString("name", error.Code.ToString());
        json.WriteString("problem", error.Message);
        json.WriteString("remedy", error.Remedy);
        json.WriteEndObject();
    }
}
