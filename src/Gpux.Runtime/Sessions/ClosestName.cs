namespace Gpux.Runtime.Sessions;

/// <summary>Finds what somebody probably meant.</summary>
public static class ClosestName
{
    // The work is the product of the lengths, and a name may come from a stranger.
    private const int LongestName = 256;

    /// <returns>The name that takes the fewest changes of letters; null if there is none to compare.</returns>
    public static string? To(string given, IEnumerable<string> names) => given.Length > LongestName ? null
        : names.Where(name => name.Length <= LongestName).MinBy(name => Distance(given, name));

    /// <summary>The Levenshtein distance.</summary>
    private static int Distance(string one, string other)
    {
        var row = new int[other.Length + 1];
        for (var j = 0; j <= other.Length; j++)
            row[j] = j;
        for (var i = 1; i <= one.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= other.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}
