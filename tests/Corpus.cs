namespace Gpux.Tests;

/// <summary>The recorded cases that tests judge by: the whole conformance corpus where there is one, else the extract that every
/// clone has.</summary>
internal static class Corpus
{
    public static string Repository { get; } = FindRepository();

    /// <summary>The folder that holds models, processors, inputs and so on.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Whether it is the whole corpus.</summary>
    public static bool IsWhole => Root != Extract;

    private static string Extract => Path.Combine(Repository, "tests", "Golden", "conformance");

    /// <summary>A file or folder of the corpus.</summary>
    public static string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    public static string Image(string name) => PathOf("inputs", "images", name);

    /// <summary>The names of the cases of an area, in order.</summary>
    public static IReadOnlyList<string> Cases(string area) => Directory.Exists(PathOf(area))
        ? [.. Directory.EnumerateDirectories(PathOf(area)).Where(folder => File.Exists(Path.Combine(folder, "case.json")))
            .Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)] : [];

    private static string FindRoot()
    {
        if (Environment.GetEnvironmentVariable("GPUX_CONFORMANCE") is { Length: > 0 } chosen)
            return chosen;
        var beside = Path.GetFullPath(Path.Combine(Repository, "..", "shared", "conformance"));
        return Directory.Exists(beside) ? beside : Extract;
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "gpux.slnx")))
                return folder.FullName;
        throw new DirectoryNotFoundException("The tests run outside of the repository: there is no gpux.slnx above them.");
    }
}
