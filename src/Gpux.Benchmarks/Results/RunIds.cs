using System.Globalization;

namespace Gpux.Benchmarks.Results;

/// <summary>Many ids as one parameter of a statement: a text, which both databases make rows of.</summary>
internal static class RunIds
{
    /// <returns>Such as "1,2,5".</returns>
    public static string List(IEnumerable<long> ids) => string.Join(',', ids.Select(id => id.ToString(CultureInfo.InvariantCulture)));
}
