using System.Globalization;
using Gpux.Registries.Store;

namespace Gpux.Benchmarks.Database;

/// <summary>Copies of a closed database file beside itself: "results.duckdb.0001-20270131T120000Z.backup".</summary>
internal static class DatabaseBackup
{
    private const string Extension = ".backup";
    private const string LogExtension = ".wal"; // DuckDB's, of what is not merged into the file yet
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <returns>The command of a shell that puts the newest copy in the file's place; null where there is none.</returns>
    public static string? RestoreCommand(string file)
    {
        if (Newest(file) is not { } backup)
            return null;
        var (log, itsLog) = (file + LogExtension, backup + LogExtension);
        return $"cp {Quoted(backup)} {Quoted(file)} && " + (File.Exists(itsLog) ? $"cp {Quoted(itsLog)} {Quoted(log)}" : $"rm -f {Quoted(log)}");
    }

    private static string? Newest(string file)
    {
        try
        {
            return Path.GetDirectoryName(file) is { Length: > 0 } folder && Directory.Exists(folder)
                ? Directory.EnumerateFiles(folder, Path.GetFileName(file) + ".*" + Extension).MaxBy(TimeOf, StringComparer.Ordinal) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null; // an error is being reported, and this is but advice
        }
    }

    private static string Quoted(string path) => "'" + path.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    // What stands between the last dash and the extension.
    private static string TimeOf(string backup) => backup[(backup.LastIndexOf('-') + 1)..];

    /// <param name="file">Closed in this process: to close a second handle of it would drop DuckDB's lock.</param>
    /// <param name="version">The last migration that it has, for the copy's name.</param>
    /// <exception cref="DatabaseException">There is no space, no right to write, or another process began to write.</exception>
    /// <returns>The copy's path.</returns>
    public static string Make(string file, int version, TimeProvider clock, CancellationToken cancellationToken)
    {
        var time = clock.GetUtcNow().ToString(TimeFormat, CultureInfo.InvariantCulture);
        var backup = $"{file}.{version:0000}-{time}{Extension}";
        var partial = backup + ".partial";
        var isWhole = false;
        try
        {
            using (var source = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read))
            {
                // The kind of lock that DuckDB takes; macOS has no such call in .NET, and there the size and time must do.
                if (!OperatingSystem.IsMacOS())
                    source.Lock(0, long.MaxValue);
                var before = (source.Length, File.GetLastWriteTimeUtc(file));
                // Rows that DuckDB could not write back into the file when it was closed.
                CopyIfAny(file + LogExtension, backup + LogExtension);
                using (var target = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
                {
                    Copy(source, target, cancellationToken);
                    target.Flush(flushToDisk: true);
                }
                if (before != (source.Length, File.GetLastWriteTimeUtc(file)))
                    throw new DatabaseLockedException(file, "another process, which wrote to it while it was copied");
            }
            File.Move(partial, backup, overwrite: true);
            isWhole = true;
            return backup;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DiskFullException.Explains(exception)
                ? new DatabaseStorageFullException(backup, exception.Message) : new DatabaseUnavailableException(backup, exception.Message);
        }
        finally
        {
            File.Delete(partial);
            if (!isWhole)
                File.Delete(backup + LogExtension);
        }
    }

    private static void Copy(Stream source, Stream target, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 20];
        for (int count; (count = source.Read(buffer)) > 0; target.Write(buffer, 0, count))
            cancellationToken.ThrowIfCancellationRequested();
    }

    private static void CopyIfAny(string from, string to)
    {
        if (File.Exists(from))
            File.Copy(from, to, overwrite: true);
    }
}
