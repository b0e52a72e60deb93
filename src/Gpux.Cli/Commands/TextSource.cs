using System.CommandLine;

namespace Gpux.Cli.Commands;

/// <summary>Where a command's text comes from: words of the command line, a file, or standard input.</summary>
internal sealed class TextSource
{
    private const long LongestFile = 64 << 20;
    private readonly Option<string> _file = new("--file", "-f") { Description = "Read the input from a file; - is standard input." };
    private readonly Option<bool> _lines = new("--lines") { Description = "Take each line of the file or of standard input as an input of its own." };

    /// <param name="words">The argument that takes words of the command line.</param>
    public void AddTo(Command command, Argument<string[]> words)
    {
        // The parser takes what it does not know for words.
        words.Validators.Add(result =>
        {
            var all = Environment.GetCommandLineArgs();
            var end = Array.IndexOf(all, "--"); // of options
            foreach (var token in result.Tokens)
                if (token.Value.StartsWith("--", StringComparison.Ordinal) && (end < 0 || Array.IndexOf(all, token.Value) < end))
                    result.AddError($"Unrecognized option '{token.Value}'. Write -- before a text that begins so.");
        });
        command.Add(_file);
        command.Add(_lines);
    }

    /// <summary>The path of --file; null if it is not given.</summary>
    public string? FilePath(ParseResult parsed) => parsed.GetValue(_file);

    /// <summary>Whether there is a text, or none but a person at the keyboard.</summary>
    public bool IsGiven(ParseResult parsed, IReadOnlyCollection<string> words) => words.Count > 0 || parsed.GetValue(_file) is not null || Console.IsInputRedirected;

    /// <summary>Whether all of standard input is one input: a text, or the bytes of an image or a sound.</summary>
    public bool IsWholeStandardInput(ParseResult parsed, IReadOnlyList<string> words) =>
        parsed.GetValue(_file) is null && !parsed.GetValue(_lines) && (words is ["-"] || (words.Count == 0 && Console.IsInputRedirected));

    /// <returns>The inputs: the words as they are, or what the file holds.</returns>
    public IReadOnlyList<string> Read(ParseResult parsed, IReadOnlyList<string> words)
    {
        var file = parsed.GetValue(_file);
        if (words.Count > 0 && file is not null)
            throw new UsageException("There are an input and --file.", "Give one of the two.");
        if (words.Count > 0 && words is not ["-"])
            return words;
        var text = file is null or "-" ? ReadStandardInput() : ReadFile(file);
        return parsed.GetValue(_lines) ? [.. text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)]
            // The end of the last line is the editor's, not the text's.
            : [text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text];
    }

    private static string ReadStandardInput()
    {
        using var reader = new StreamReader(Console.OpenStandardInput(), new System.Text.UTF8Encoding(false));
        return reader.ReadToEnd();
    }

    private static string ReadFile(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (info.Exists && info.Length > LongestFile)
                throw new UsageException($"'{path}' has {info.Length} bytes, more than the {LongestFile} that are read at once.", "Answer it row by row: --column text -o out.csv.");
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{path}' cannot be read: {exception.Message}", "Check the path of --file.");
        }
    }
}
