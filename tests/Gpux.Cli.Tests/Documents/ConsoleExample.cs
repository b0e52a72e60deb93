namespace Gpux.Cli.Tests.Documents;

/// <summary>A command that a document shows, and what it prints.</summary>
/// <remarks>In blocks of the language "console": a line "$ command", and below it what comes on standard output; of a command
/// that fails also what comes on standard error, and "[exit N]". A line "..." stands for any number of lines, and "..." in a line for any text.</remarks>
/// <param name="Line">Where the command stands in the document, counted from 0.</param>
internal sealed record ConsoleExample(string Command, int Line, string[] Output)
{
    public const string Language = "console";
    private const string Prompt = "$ ";

    public static IReadOnlyList<ConsoleExample> Of(Document document)
    {
        var examples = new List<ConsoleExample>();
        foreach (var (language, start, lines) in document.Blocks())
        {
            if (language != Language)
                continue;
            for (var i = 0; i < lines.Length;)
            {
                Assert.True(lines[i].StartsWith(Prompt, StringComparison.Ordinal), $"{document.Name}:{start + i + 1}: a command was expected.");
                var end = Array.FindIndex(lines, i + 1, line => line.StartsWith(Prompt, StringComparison.Ordinal));
                end = end < 0 ? lines.Length : end;
                examples.Add(new ConsoleExample(lines[i][Prompt.Length..], start + i, lines[(i + 1)..end]));
                i = end;
            }
        }
        return examples;
    }
}
