using System.Globalization;
using System.Text.Json;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands.Database;

/// <summary>A version, for people and as JSON.</summary>
internal static class VersionReport
{
    public static void Write(Terminal terminal, TextWriter output, ModelVersion version)
    {
        output.WriteLine(terminal.Bold($"{TerminalText.Safe(version.Model)} {TerminalText.Safe(version.Tag)}") + string.Concat(version.Aliases.Select(alias => $" @{TerminalText.Safe(alias)}")));
        Line("added", Day(version.CreatedAt));
        Line("hash", version.Hash);
        Line("results", $"{Plural.Of(version.RunCount, "result")}, {Plural.Of(version.SnapshotCount, "snapshot")}");
        foreach (var link in version.Links)
            Line("link", link.Url ?? link.Reference);
        if (version.MetadataJson is not { } metadata)
            return;
        using var document = JsonDocument.Parse(metadata);
        foreach (var member in document.RootElement.EnumerateObject())
            Line(TerminalText.Safe(member.Name), member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString() : member.Value.GetRawText());

        void Line(string name, string? text)
        {
            if (text is not null)
                output.WriteLine($"  {terminal.Dim(name.PadRight(11))} {TerminalText.Safe(text.ReplaceLineEndings(" "))}");
        }
    }

    public static void Write(Utf8JsonWriter json, ModelVersion version)
    {
        json.WriteStartObject();
        json.WriteNumber("id", version.Id);
        json.WriteString("model", version.Model);
        json.WriteString("version", version.Tag);
        json.WriteString("hash", version.Hash);
        json.WriteString("created_at", version.CreatedAt.UtcDateTime);
        json.WriteNumber("results", version.RunCount);
        json.WriteNumber("snapshots", version.SnapshotCount);
        json.WriteStartArray("aliases");
        foreach (var alias in version.Aliases)
            json.WriteStringValue(alias);
        json.WriteEndArray();
        json.WriteStartArray("links");
        foreach (var link in version.Links)
        {
            json.WriteStartObject();
            json.WriteString("reference", link.Reference);
            json.WriteString("registry", link.Registry);
            json.WriteString("revision", link.Revision);
            json.WriteString("url", link.Url);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WritePropertyName("metadata");
        json.WriteRawValue(version.MetadataJson ?? "null");
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, AliasMove move)
    {
        json.WriteStartObject();
        json.WriteString("alias", move.Alias);
        json.WriteString("from", move.From);
        json.WriteString("to", move.To);
        json.WriteString("reason", move.Reason);
        json.WriteString("moved_at", move.MovedAt.UtcDateTime);
        json.WriteEndObject();
    }

    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";
}
