using System.Runtime.InteropServices;

namespace Gpux.Registries.Download;

/// <summary>Unfinished downloads that the Hub's Python client leaves: X.{8 hexadecimal digits}.incomplete, a new name each time, so
/// that it never goes on from one itself.</summary>
/// <remarks>Source: huggingface_hub 1.x and 2.x, names of partial files. Its Xet downloads may have holes: what lies before the first
/// is taken. The caller holds the file's lock, which that client holds while it writes; where the file system ignores locks, a file
/// that was written to lately may still be in use, and is left alone.</remarks>
internal static partial class Orphan
{
    private const string Ending = ".incomplete";
    private const int SeekHole = 4; // of Linux
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    /// <summary>Gives the largest one that is there the name <paramref name="path"/>.</summary>
    /// <param name="path">X.incomplete, which does not exist.</param>
    public static void Adopt(string path)
    {
        if (!OperatingSystem.IsLinux() || !path.EndsWith(Ending, StringComparison.Ordinal) || Path.GetDirectoryName(path) is not { } folder)
            return;
        var name = Path.GetFileName(path)[..^Ending.Length];
        try
        {
            var (best, bytes) = ((string?)null, 0L);
            foreach (var candidate in Directory.EnumerateFiles(folder, $"{name}.????????{Ending}"))
            {
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(candidate) > Idle && PrefixOf(candidate) is var prefix && prefix > bytes)
                    (best, bytes) = (candidate, prefix);
            }
            if (best is null)
                return;
            using (var file = File.OpenHandle(best, FileMode.Open, FileAccess.ReadWrite))
                RandomAccess.SetLength(file, bytes);
            File.Move(best, path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It stays where it is, and the download begins anew.
        }
    }

    // The bytes before the first hole; all of them where the file system tells of none. Holes begin with a block of the file
    // system, and what was written ends somewhere before: the largest blocks have 1 MB.
    private static long PrefixOf(string path)
    {
        using var file = File.OpenHandle(path);
        var hole = lseek((int)file.DangerousGetHandle(), 0, SeekHole);
        var length = RandomAccess.GetLength(file);
        return hole < 0 || hole >= length ? length : Math.Max(0, hole - (1 << 20));
    }

    [LibraryImport("libc")]
    private static partial long lseek(int file, long offset, int whence);
}
