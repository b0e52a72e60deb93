using Gpux.Models.Batches;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>A table of comma-separated values that comes with the program.</summary>
internal static class EmbeddedTable
{
    /// <summary>The rows below the heading.</summary>
    public static IEnumerable<List<string>> Rows(string name)
    {
        using var stream = typeof(EmbeddedTable).Assembly.GetManifestResourceStream(name)!; // in the project file
        using var reader = new StreamReader(stream);
        reader.ReadLine();
        while (reader.ReadLine() is { Length: > 0 } line)
            yield return DelimitedText.Split(line, ',');
    }
}
