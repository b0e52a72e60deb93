using System.Text.Json;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Batches;

/// <summary>A text in which each line is an object of JSON. Without a column its names are those that the task has for its parts.</summary>
internal sealed class JsonRows(string path, RowColumns wanted) : RowSource(path, wanted)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    public override IReadOnlyList<string> Columns => [];

    protected override IEnumerable<BatchRow> ReadRows()
    {
        using var reader = new RowReader(Path);
        while (reader.TryRead(out var row))
            if (!IsBlank(row.Bytes.Span))
                yield return RowText.Problem(row) is { } problem ? Bad(row, problem) : Parse(row);
    }

    private BatchRow Parse(RowBytes row)
    {
        JsonElement json;
        try
        {
            // A copy: what lies behind the row is read over by the next one.
            using var document = JsonDocument.Parse(row.Bytes, Options);
            json = document.RootElement.Clone();
        }
        catch (JsonException exception)
        {
            return Bad(row, $"the row is no JSON: {exception.Message}");
        }
        if (json.ValueKind != JsonValueKind.Object)
            return Bad(row, $"the row is {json.ValueKind}, where an object was expected.");
        try
        {
            var input = Wanted.Text is null && Wanted.Pair is null ? PipelineInput.Parse(json)
                : Input(Text(json, Wanted.Text ?? "text"), Wanted.Pair is { } pair ? Text(json, pair) : null);
            return new BatchRow(row.Line, input) { Object = json, EndBytes = row.EndBytes };
        }
        catch (GpuxException exception)
        {
            return Bad(row, exception.Message) with { Object = json };
        }
    }

    private string Text(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value))
            throw new ColumnNotFoundException(Path, name, [.. json.EnumerateObject().Select(property => property.Name)],
                ClosestName.To(name, json.EnumerateObject().Select(property => property.Name)));
        return value.ValueKind == JsonValueKind.String ? value.GetString()! // a string
            : throw new BatchInputException(Path, $"'{name}' is {value.ValueKind}, where a text was expected.", "Name a column of texts with --column.");
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) => line.Trim(" \t\r"u8).IsEmpty;
}
