using System.Text;

namespace Gpux.Benchmarks.Transfers;

/// <summary>The first line of a table as text: which character parts its columns, and their names.</summary>
internal sealed record CsvHeading(char Delimiter, IReadOnlyList<string> Columns)
{
    private const string Delimiters = ",;\t|";

    public static CsvHeading Of(string text)
    {
        var best = new CsvHeading(',', Split(text, ','));
        foreach (var delimiter in Delimiters)
            if (Split(text, delimiter) is var columns && columns.Count > best.Columns.Count)
                best = new CsvHeading(delimiter, columns);
        return best;
    }

    private static List<string> Split(string text, char delimiter)
    {
        var columns = new List<string>();
        var column = new StringBuilder();
        var isQuoted = false;
        foreach (var (index, character) in text.Index())
        {
            if (character == '"')
            {
                // Two quotes in quotes are one.
                if (!isQuoted && index > 0 && text[index - 1] == '"' && column.Length > 0)
                    column.Append('"');
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && character == delimiter)
            {
                columns.Add(column.ToString());
                column.Clear();
            }
            else if (!isQuoted && character is '\r' or '\n')
            {
                break;
            }
            else
            {
                column.Append(character);
            }
        }
        columns.Add(column.ToString());
        return columns;
    }
}
