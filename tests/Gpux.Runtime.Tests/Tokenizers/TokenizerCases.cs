namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Recordings of the original tokenizers: all of them where the collection is at hand, else the extract in the repository.</summary>
internal static class TokenizerCases
{
    public static string Repository { get; } = FindRepository();

    public static string Root { get; } = FindRoot();

    public static IEnumerable<string> Names => Directory.EnumerateDirectories(Root)
        .Where(folder => File.Exists(Path.Combine(folder, "vectors.jsonl"))).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    public static string Extract => Path.Combine(Repository, "tests", "Golden", "tokenizers");

    public static string FolderOf(string name) => Path.Combine(Root, name);

    private static string FindRoot()
    {
        if (Environment.GetEnvironmentVariable("GPUX_CONFORMANCE") is { Length: > 0 } chosen)
            return Path.Combine(chosen, "tokenizers");
        var beside = Path.GetFullPath(Path.Combine(Repository, "..", "shared", "conformance", "tokenizers"));
        return Directory.Exists(beside) ? beside : Extract;
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "gpux.slnx")))
                return folder.FullName;
        }
        throw new DirectoryNotFoundException("The tests run outside of the repository: there is no gpux.slnx above them.");
    }
}
