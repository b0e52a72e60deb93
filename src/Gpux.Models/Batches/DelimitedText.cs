using System.Text;

namespace Gpux.Models.Batches;

/// <summary>Fields of one row of a table.</summary>
internal static class DelimitedText
{
    /// <summary>The fields, without their quotes.</summary>
    public static List<string> Split(string row, char delimiter)
    {
        var fields = new List<string>();
        var at = 0;
        while (true)
        {
            if (at < row.Length && row[at] == '"')
                fields.Add(Quoted(row, delimiter, ref at));
            else
            {
                var end = row.IndexOf(delimiter, at) is var next and >= 0 ? next : row.Length;
                fields.Add(row[at..end]);
                at = end;
            }
            if (at >= row.Length)
                return fields;
            at++; // the delimiter
        }
    }

    /// <summary>Writes a row, with quotes where they are needed.</summary>
    public static void Write(TextWriter output, IEnumerable<string> fields, char delimiter)
    {
        var isFirst = true;
        foreach (var field in fields)
        {
            if (!isFirst)
                output.Write(delimiter);
            isFirst = false;
            if (field.AsSpan().IndexOfAny('"', '\n', '\r') >= 0 || field.Contains(delimiter))
                output.Write($"\"{field.Replace("\"", "\"\"")}\"");
            else
                output.Write(field);
        }
        output.Write('\n');
    }

    // What follows the closing quotation mark belongs to the field, as spreadsheets read it.
    private static string Quoted(string row, char delimiter, ref int at)
    {
        var field = new StringBuilder();
        for (at++; at < row.Length; at++)
        {
            if (row[at] != '"')
                field.Append(row[at]);
            else if (at + 1 < row.Length && row[at + 1] == '"')
                field.Append(row[at++]);
            else
            {
                at++;
                break;
            }
        }
        var end = at < row.Length && row.IndexOf(delimiter, at) is var next and >= 0 ? next : row.Length;
        field.Append(row, at, end - at);
        at = end;
        return field.ToString();
    }
}
