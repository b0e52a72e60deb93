namespace Gpux.Registries.Credentials;

/// <summary>Files that only their owner may read.</summary>
internal static class PrivateFile
{
    private const int LimitBytes = 1 << 20;

    /// <returns>Null if there is no such file, or none that may be read.</returns>
    public static string? Read(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= LimitBytes } ? File.ReadAllText(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Replaces the file as a whole; at no moment may anybody else read it (mode 0600).</summary>
    /// <exception cref="CredentialsException">It cannot be written.</exception>
    public static void Write(string path, string text)
    {
        var temporary = $"{path}.{Random.Shared.Next():x8}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file of a folder
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new StreamWriter(temporary, options))
                file.Write(text);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CredentialsException(path, $"cannot be written: {exception.Message}", exception);
        }
    }
}

/// <summary>A file of access tokens that cannot be read or written.</summary>
public sealed class CredentialsException(string path, string problem, Exception? inner = null) : GpuxException(ErrorCode.InvalidCredentials,
    $"{path} {problem.TrimEnd('.')}.", "Correct or delete the file, then sign in again: gpux login.", inner);
