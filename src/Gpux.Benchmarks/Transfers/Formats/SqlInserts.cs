using System.Text;

namespace Gpux.Benchmarks.Transfers.Formats;

/// <summary>Rows of INSERT statements, as tools print them for sqlite3. The text is read and never run.</summary>
internal static class SqlInserts
{
    public static IEnumerable<SourceRow> Of(string text, string table, Action<long, string?, string> refuse)
    {
        var start = $"INSERT INTO {table} (";
        var number = 0L;
        for (var at = text.IndexOf(start, StringComparison.Ordinal); at >= 0; at = text.IndexOf(start, at, StringComparison.Ordinal))
        {
            number++;
            at += start.Length;
            var names = List(text, ref at);
            var open = text.IndexOf('(', at);
            if (names is null || open < 0 || text[at..open].Trim() != "VALUES")
            {
                refuse(number, null, "the INSERT has no columns and values");
                continue;
            }
            at = open + 1;
            var values = List(text, ref at);
            if (values?.Count != names.Count)
                refuse(number, null, $"the INSERT has {names.Count} columns and {values?.Count ?? 0} values");
            else
                yield return new NamedRow(number, names.Zip(values).DistinctBy(pair => pair.First).ToDictionary(pair => pair.First, pair => pair.Second));
        }
    }

    /// <summary>Items up to the closing parenthesis, at which <paramref name="at"/> then stands; null if there is none.</summary>
    private static List<string>? List(string text, ref int at)
    {
        var items = new List<string>();
        var item = new StringBuilder();
        for (var isQuoted = false; at < text.Length; at++)
        {
            var character = text[at];
            if (character == '\'')
            {
                if (isQuoted && at + 1 < text.Length && text[at + 1] == '\'')
                    item.Append(text[at++]);
                else
                    isQuoted = !isQuoted;
            }
            else if (isQuoted)
            {
                item.Append(character);
            }
            else if (character is ',' or ')')
            {
                items.Add(item.ToString().Trim());
                item.Clear();
                if (character == ')')
                {
                    at++;
                    return items;
                }
            }
            else
            {
                item.Append(character);
            }
        }
        return null;
    }
}
