using System.IO.Enumeration;
using Gpux.Models;
using Gpux.Registries;
using Gpux.Runtime.Images;

namespace Gpux.Cli.Commands;

/// <summary>Which images the words of a command line mean: files, folders, patterns, standard input (-) and, if allowed, web addresses.</summary>
/// <param name="Names">Each one image, in the order of the words; of folders and patterns in the order of their names.</param>
/// <param name="AreMany">Whether a word stands for however many there are, so that the answer is a list with their names.</param>
internal sealed record ImageSource(IReadOnlyList<string> Names, bool AreMany)
{
    private static readonly string[] Endings = [".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"];

    /// <exception cref="UsageException">A folder or pattern has no images, or a web address is not allowed.</exception>
    public static ImageSource Find(IReadOnlyList<string> words, bool allowsAddresses)
    {
        var names = new List<string>();
        var areMany = false;
        foreach (var word in words)
        {
            if (IsAddress(word))
            {
                if (!allowsAddresses)
                    throw new UsageException($"'{word}' is a web address.", "Allow it to be fetched with --allow-url, or give a file.");
                names.Add(word);
            }
            else if (word == "-" || File.Exists(word))
            {
                names.Add(word);
            }
            else if (Directory.Exists(word))
            {
                names.AddRange(InFolder(word, "*", word));
                areMany = true;
            }
            else if (word.AsSpan().IndexOfAny('*', '?') >= 0)
            {
                names.AddRange(InFolder(Path.GetDirectoryName(word) is { Length: > 0 } folder ? folder : ".", Path.GetFileName(word), word));
                areMany = true;
            }
            else
            {
                names.Add(word); // its absence is found when it is read
            }
        }
        return new ImageSource(names, areMany);
    }

    /// <exception cref="UsageException">It cannot be read.</exception>
    /// <exception cref="GpuxException">It is no image, or cannot be fetched.</exception>
    public static Image Load(string name, RegistryEnvironment environment, CancellationToken cancellationToken)
    {
        if (IsAddress(name))
            return RemoteImage.LoadAsync(new Uri(name), environment, ImageLimits.Default, cancellationToken).GetAwaiter().GetResult();
        if (name != "-")
            return ImageFile.Load(name);
        using var input = Console.OpenStandardInput();
        return Image.Load(input, name: "standard input");
    }

    private static bool IsAddress(string word) => word.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || word.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static string[] InFolder(string folder, string pattern, string word)
    {
        if (folder.AsSpan().IndexOfAny('*', '?') >= 0)
            throw new UsageException($"'{word}' has a wildcard in the name of a folder.", "Let the shell expand it, or name one folder at a time.");
        try
        {
            string[] found = [.. Directory.EnumerateFiles(folder)
                .Where(file => Endings.Contains(Path.GetExtension(file).ToLowerInvariant()) && FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(file), ignoreCase: false))
                .Order(StringComparer.Ordinal)];
            return found.Length > 0 ? found : throw new UsageException($"'{word}' has no images.", $"Files count that end in {string.Join(", ", Endings)}.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"'{word}' cannot be listed: {exception.Message}", "Check the path.");
        }
    }
}
