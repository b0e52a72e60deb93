using System.IO.Enumeration;

namespace Gpux.Cli.Commands;

/// <summary>Which images or sounds the words of a command line mean: files, folders, patterns, standard input (-) and web addresses.</summary>
/// <param name="Names">Each one of them, in the order of the words; of folders and patterns in the order of their names.</param>
/// <param name="AreMany">Whether a word stands for however many there are, so that the answer is a list with their names.</param>
internal sealed record MediaFiles(IReadOnlyList<string> Names, bool AreMany)
{
    /// <summary>What stands for standard input.</summary>
    public const string StandardInput = "-";

    /// <param name="kind">What they are called: images, sounds.</param>
    /// <param name="endings">What the names of those in a folder end in, in lower case.</param>
    /// <exception cref="UsageException">A folder or pattern has none of them, or cannot be listed.</exception>
    public static MediaFiles Find(IReadOnlyList<string> words, string kind, string[] endings)
    {
        var names = new List<string>();
        var areMany = false;
        foreach (var word in words)
        {
            if (word == StandardInput || File.Exists(word))
            {
                names.Add(word);
            }
            else if (Directory.Exists(word))
            {
                names.AddRange(InFolder(word, "*", word, kind, endings));
                areMany = true;
            }
            else if (!IsAddress(word) && word.AsSpan().IndexOfAny('*', '?') >= 0)
            {
                names.AddRange(InFolder(Path.GetDirectoryName(word) is { Length: > 0 } folder ? folder : ".", Path.GetFileName(word), word, kind, endings));
                areMany = true;
            }
            else
            {
                names.Add(word); // its absence is found when it is read
            }
        }
        return new MediaFiles(names, areMany);
    }

    public static bool IsAddress(string word) => word.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || word.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static string[] InFolder(string folder, string pattern, string word, string kind, string[] endings)
    {
        if (folder.AsSpan().IndexOfAny('*', '?') >= 0)
            throw new UsageException($"'{word}' has a wildcard in the name of a folder.", "Let the shell expand it, or name one folder at a time.");
        try
        {
            string[] found = [.. Directory.EnumerateFiles(folder)
                .Where(file => endings.Contains(Path.GetExtension(file).ToLowerInvariant()) && FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(file), ignoreCase: false))
                .Order(StringComparer.Ordinal)];
            return found.Length > 0 ? found : throw new UsageException($"'{word}' has no {kind}.", $"Files count that end in {string.Join(", ", endings)}.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{word}' cannot be listed: {exception.Message}", "Check the path.");
        }
    }
}
