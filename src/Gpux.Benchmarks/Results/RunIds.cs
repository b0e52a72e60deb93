using System.Globalization;

namespace Gpux.Benchmarks.Results;

/// <summary>Ids of runs as text.</summary>
internal static class RunIds
{
    /// <summary>As many as a message names.</summary>
    public const int Shown = 10;

    /// <summary>Many ids as one parameter of a statement: a text, which both databases make rows of.</summary>
    /// <returns>Such as "1,2,5".</returns>
    public static string List(IEnumerable<long> ids) => string.Join(',', ids.Select(Text));

    /// <summary>For a message.</summary>
    public static string Text(IReadOnlyList<long> ids) =>
        string.Join(", ", ids.Take(Shown).Select(Text)) + (ids.Count > Shown ? $" and {ids.Count - Shown} more" : "");

    private static string Text(long id) => id.ToString(CultureInfo.InvariantCulture);
}
