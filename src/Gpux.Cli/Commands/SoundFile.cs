using Gpux.Runtime.Audio;

namespace Gpux.Cli.Commands;

internal static class SoundFile
{
    private static readonly string[] Endings =
        [".aac", ".aif", ".aiff", ".au", ".caf", ".flac", ".m4a", ".mka", ".mp3", ".mp4", ".oga", ".ogg", ".opus", ".wav", ".webm"];

    /// <summary>The sounds that the words of a command line mean.</summary>
    /// <exception cref="UsageException">A folder or pattern has no sounds, or cannot be listed.</exception>
    public static MediaFiles Find(IReadOnlyList<string> words) => MediaFiles.Find(words, "sounds", Endings);

    /// <summary>Reads a sound that the user names, or that comes from standard input.</summary>
    /// <param name="sampleRate">Hz, what it is converted to.</param>
    /// <exception cref="UsageException">There is no such file, or it cannot be read.</exception>
    public static Waveform Load(string path, int sampleRate)
    {
        try
        {
            if (path != MediaFiles.StandardInput)
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
