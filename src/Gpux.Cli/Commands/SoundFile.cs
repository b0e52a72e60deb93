using Gpux.Runtime.Audio;

namespace Gpux.Cli.Commands;

internal static class SoundFile
{
    /// <summary>What stands for standard input.</summary>
    public const string StandardInput = "-";

    private static readonly string[] Endings =
        [".aac", ".aif", ".aiff", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".webm"];

    /// <summary>The files that the user names: of a folder the sounds in it, in the order of their names.</summary>
    /// <exception cref="UsageException">A folder without a sound, or that cannot be read.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> inputs)
    {
        var files = new List<string>();
        foreach (var input in inputs)
        {
            if (!Directory.Exists(input))
            {
                files.Add(input);
                continue;
            }
            try
            {
                var found = Directory.EnumerateFiles(input)
                    .Where(file => Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToArray();
                if (found.Length == 0)
                    throw new UsageException($"There is no sound in the folder '{input}'.", $"Name a file, or a folder with files of these kinds: {string.Join(' ', Endings)}.");
                files.AddRange(found);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"The folder '{input}' cannot be read: {exception.Message}", "Check its path and rights.");
            }
        }
        return files;
    }

    /// <summary>Reads a sound that the user names, or that comes from standard input.</summary>
    /// <param name="sampleRate">Hz, what it is converted to.</param>
    /// <exception cref="UsageException">There is no such file, or it cannot be read.</exception>
    public static Waveform Load(string path, int sampleRate)
    {
        try
        {
            if (path != StandardInput)
                return Waveform.Load(path, sampleRate);
            using var input = Console.OpenStandardInput();
            return Waveform.Load(input, sampleRate, name: "standard input");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The sound '{path}' cannot be read: {exception.Message}", "Give the path of a sound file.");
        }
    }
}
