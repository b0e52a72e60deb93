namespace Gpux.Benchmarks.Transfers;

/// <summary>Rows of files that are tables, or JSON objects.</summary>
internal static class SourceRows
{
    /// <summary>Rows of CSV, JSON, JSON lines or Parquet.</summary>
    public static IEnumerable<SourceRow> Of(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken) => file.Kind switch
    {
        SourceKind.Json => OfJson(file, refuse, cancellationToken),
        SourceKind.Parquet => OfTable(SourceTable.OpenParquet(file, cancellationToken), refuse, cancellationToken),
        SourceKind.Text => OfTable(SourceTable.OpenCsv(file, cancellationToken), refuse, cancellationToken),
        _ => throw new UnknownResultFormatException(file.Path, "it is neither CSV nor JSON nor Parquet."),
    };

    /// <summary>A JSON object, an array of them, or one a line.</summary>
    private static IEnumerable<SourceRow> OfJson(SourceFile file, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        if (IsOneObject(file))
        {
            var (row, problem) = TryParse(1, file.ReadText());
            if (row is null)
                throw new UnreadableResultFileException(file.Path, problem, "Check the file: it is damaged, or not what its beginning says.");
            yield return row;
            yield break;
        }
        using var table = SourceTable.OpenJson(file, cancellationToken);
        foreach (var line in table.Rows(cancellationToken))
        {
            var (row, problem) = TryParse(line.Number, line.Text("json"));
            if (row is null)
                refuse(line.Number, null, problem);
            else
                yield return row;
        }
    }

    private static IEnumerable<SourceRow> OfTable(SourceTable source, Action<long, string?, string> refuse, CancellationToken cancellationToken)
    {
        using var table = source;
        foreach (var (line, column, problem) in table.Rejected)
            refuse(Math.Max(1, line - 1), column, problem);
        foreach (var row in table.Rows(cancellationToken))
            yield return row;
    }

    // An object on one line with others below it is a line of several.
    private static bool IsOneObject(SourceFile file)
    {
        var text = file.Head.AsSpan().TrimStart();
        return text.StartsWith("{") && !(text.IndexOf('\n') is >= 0 and var end && text[..end].TrimEnd().EndsWith("}") && !text[end..].Trim().IsEmpty);
    }

    private static (JsonRow? Row, string Problem) TryParse(long number, string? text)
    {
        try
        {
            return (JsonRow.Parse(number, text), "");
        }
        catch (RowRefusedException exception)
        {
            return (null, exception.Message);
        }
    }
}
