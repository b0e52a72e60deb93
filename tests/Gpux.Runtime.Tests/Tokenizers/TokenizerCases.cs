namespace Gpux.Runtime.Tests.Tokenizers;

/// <summary>Recordings of the original tokenizers.</summary>
internal static class TokenizerCases
{
    public static string Root => Corpus.PathOf("tokenizers");

    public static IEnumerable<string> Names => Corpus.Cases("tokenizers");

    /// <summary>Those that every clone has.</summary>
    public static string Extract => Path.Combine(Corpus.Repository, "tests", "Golden", "conformance", "tokenizers");

    public static string FolderOf(string name) => Path.Combine(Root, name);
}
