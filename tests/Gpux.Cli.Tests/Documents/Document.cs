namespace Gpux.Cli.Tests.Documents;

/// <summary>A Markdown file of the repository.</summary>
/// <param name="Name">Its path from the repository's root.</param>
internal sealed record Document(string Name, string Text)
{
    /// <summary>The tests that may write a document, which run one after another.</summary>
    public const string Writers = "Document writers";

    /// <summary>Whether tests write what they would have expected, instead of failing.</summary>
    public static bool Update => Environment.GetEnvironmentVariable("GPUX_UPDATE_DOCS") == "1";

    private const string StandInMark = "<!-- stand-in:";
    private const string ResultsMark = "<!-- example results -->";

    public string Path => PathOf(Name);
    public int LineCount => Text.Count(c => c == '\n') + 1;

    /// <summary>Every document that people read: those in the root and below docs/.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Directory.EnumerateFiles(Corpus.Repository, "*.md")
            .Concat(Directory.EnumerateFiles(PathOf("docs"), "*.md", SearchOption.AllDirectories))
            .Select(path => System.IO.Path.GetRelativePath(Corpus.Repository, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static string PathOf(string name) => System.IO.Path.Combine(Corpus.Repository, name);

    public static Document Load(string name) => new(name, File.ReadAllText(PathOf(name)).ReplaceLineEndings("\n"));

    /// <summary>The stand-in that its examples talk to, named in a comment: <c>&lt;!-- stand-in: hf --&gt;</c>; null for none.</summary>
    public string? StandIn => Text.IndexOf(StandInMark, StringComparison.Ordinal) is var at and >= 0
        ? Text[(at + StandInMark.Length)..Text.IndexOf("-->", at, StringComparison.Ordinal)].Trim() : null;

    /// <summary>Whether its reader has the results of <see cref="ExampleResults"/>, named in a comment: <c>&lt;!-- example results --&gt;</c>.</summary>
    public bool HasResults => Text.Contains(ResultsMark, StringComparison.Ordinal);

    /// <summary>The fenced blocks: the language after the fence, and the lines with their numbers, counted from 0.</summary>
    public IEnumerable<(string Language, int Start, string[] Lines)> Blocks()
    {
        var lines = Text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal))
                continue;
            var end = Array.IndexOf(lines, "```", i + 1);
            Assert.True(end > 0, $"{Name}:{i + 1}: the block has no end.");
            yield return (lines[i][3..], i + 1, lines[(i + 1)..end]);
            i = end;
        }
    }
}
