namespace Gpux.Benchmarks.Charts;

/// <summary>Makes names fit where there is little room. What names have in common is cut first, so that what tells them apart stays.</summary>
internal static class ShortNames
{
    private const string Ellipsis = "…";

    // Names of strangers may be long; what is beyond is cut at both ends first.
    private const int Longest = 400;

    /// <returns>The names in their order, each at most <paramref name="room"/> letters long; unlike ones stay unlike.</returns>
    public static string[] Fit(IReadOnlyList<string> names, int room)
    {
        string[] fitting = [.. names];
        if (names.All(name => name.Length <= room))
            return fitting;
        var words = names.Select(name => Words(Ends(name, Longest))).ToArray();
        var common = words.Length < 2 ? [] : words[0].Where(word => word.Length > 1 && words.All(others => others.Contains(word))).ToHashSet();
        for (var i = 0; i < fitting.Length; i++)
            if (fitting[i].Length > room)
                fitting[i] = Ends(CutCommon(Joined(words[i], common), room), room);
        Distinguish(names, fitting, room);
        return fitting;
    }

    /// <summary>The text, or as much of its two ends as there is room for.</summary>
    public static string Ends(string text, int room) => text.Length <= room ? text
        : room < 4 ? text[..Math.Max(0, room)] : $"{text[..((room - 1) / 2 + (room - 1) % 2)]}{Ellipsis}{text[^((room - 1) / 2)..]}";

    // The longest common parts lose their ends, as few as are enough.
    private static string CutCommon(List<(string Text, bool IsCommon)> parts, int room)
    {
        var excess = parts.Sum(part => part.Text.Length) - room;
        foreach (var (place, (text, _)) in parts.Index().Where(each => each.Item.IsCommon).OrderByDescending(each => each.Item.Text.Length).ToArray())
        {
            if (excess <= 0)
                break;
            var kept = Math.Max(0, text.Length - Ellipsis.Length - excess);
            excess -= text.Length - Ellipsis.Length - kept;
            parts[place] = (text[..kept] + Ellipsis, true);
        }
        return string.Concat(parts.Select(part => part.Text));
    }

    // Common words with nothing but a letter between them are one part.
    private static List<(string Text, bool IsCommon)> Joined(List<string> words, HashSet<string> common)
    {
        List<(string Text, bool IsCommon)> parts = [];
        foreach (var word in words)
        {
            if (common.Contains(word) && parts is [.., { IsCommon: true } before, { Text.Length: 1 } between])
            {
                parts.RemoveRange(parts.Count - 2, 2);
                parts.Add((before.Text + between.Text + word, true));
            }
            else
            {
                parts.Add((word, common.Contains(word)));
            }
        }
        return parts;
    }

    // Where even that leaves two names alike, they are numbered.
    private static void Distinguish(IReadOnlyList<string> names, string[] fitting, int room)
    {
        foreach (var alike in Enumerable.Range(0, fitting.Length).GroupBy(i => fitting[i]).Where(alike => alike.Select(i => names[i]).Distinct().Count() > 1).ToArray())
        {
            foreach (var (number, same) in alike.GroupBy(i => names[i]).Index())
            {
                var suffix = $"{Ellipsis}#{number + 1}";
                foreach (var i in same)
                    fitting[i] = suffix.Length <= room ? fitting[i][..Math.Min(fitting[i].Length, room - suffix.Length)] + suffix : fitting[i];
            }
        }
    }

    // Blanks, and what joins the parts of a name, are words of their own.
    private static List<string> Words(string name)
    {
        List<string> words = [];
        var start = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] is not (' ' or ',' or '@' or '/' or ':' or '(' or ')'))
                continue;
            if (i > start)
                words.Add(name[start..i]);
            words.Add(name[i].ToString());
            start = i + 1;
        }
        if (start < name.Length)
            words.Add(name[start..]);
        return words;
    }
}
