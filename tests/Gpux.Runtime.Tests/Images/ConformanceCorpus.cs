using System.Runtime.CompilerServices;

namespace Gpux.Runtime.Tests.Images;

/// <summary>The recorded cases: the whole corpus where there is one, else the extract that every clone has.</summary>
internal static class ConformanceCorpus
{
    public static string Root { get; } = Find();

    public static string Image(string name) => Path.Combine(Root, "inputs", "images", name);

    /// <summary>The folders of cases of an area whose case.json says one of these tasks.</summary>
    public static IEnumerable<string> Cases(string area, params string[] tasks) =>
        from folder in Directory.EnumerateDirectories(Path.Combine(Root, area)).Order(StringComparer.Ordinal)
        where tasks.Contains(ConformanceCase.Read(folder).Task)
        select Path.GetFileName(folder);

    private static string Find([CallerFilePath] string thisFile = "")
    {
        if (Environment.GetEnvironmentVariable("GPUX_CONFORMANCE") is { Length: > 0 } chosen)
            return chosen;
        var repository = Path.GetFullPath(Path.Combine(thisFile, "../../../.."));
        var beside = Path.Combine(repository, "..", "shared", "conformance");
        return Directory.Exists(beside) ? beside : Path.Combine(repository, "tests", "Golden", "images");
    }
}
