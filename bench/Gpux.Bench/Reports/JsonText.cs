using System.Text.Json;

namespace Gpux.Bench.Reports;

internal static class JsonText
{
    /// <summary>An object for one bench, an array of them for several.</summary>
    public static void Write(Stream output, IReadOnlyList<Report> reports)
    {
        using var json = new Utf8JsonWriter(output);
        if (reports.Count != 1)
            json.WriteStartArray();
        foreach (var report in reports)
            Write(json, report);
        if (reports.Count != 1)
            json.WriteEndArray();
        json.Flush();
        output.Write("\n"u8);
    }

    private static void Write(Utf8JsonWriter json, Report report)
    {
        json.WriteStartObject();
        json.WriteString("bench", report.Bench);
        Write(json, "load", report.Load);
        json.WriteStartArray("rows");
        foreach (var row in report.Rows)
        {
            json.WriteStartObject();
            json.WriteString("name", row.Name);
            json.WriteString("unit", row.Unit);
            Write(json, "ours", row.Ours.Median);
            Write(json, "peer", row.Peer?.Median);
            json.WriteString("peerName", row.PeerName);
            Write(json, "ratio", row.Ratio);
            Write(json, "oursBest", row.Ours.Best);
            Write(json, "peerBest", row.Peer?.Best);
            Write(json, "oursSpread", row.Ours.Spread);
            Write(json, "peerSpread", row.Peer?.Spread);
            json.WriteNumber("repetitions", row.Ours.Values.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, Math.Round(number, 4));
        else
            json.WriteNull(name);
    }
}
