using System.Globalization;

namespace Gpux.Benchmarks.Database;

/// <summary>Copies a closed database file beside itself, before its schema changes.</summary>
internal static class DatabaseBackup
{
    /// <param name="file">Closed in this process: to close a second handle of it would drop DuckDB's lock.</param>
    /// <param name="version">The last migration that it has, for the copy's name.</param>
    /// <exception cref="DatabaseException">There is no space, no right to write, or another process began to write.</exception>
    /// <returns>The copy's path.</returns>
    public static string Make(string file, int version, TimeProvider clock, CancellationToken cancellationToken)
    {
        var time = clock.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var backup = $"{file}.{version:0000}-{time}.backup";
        var partial = backup + ".partial";
        try
        {
            using (var source = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.Read))
            {
                // The kind of lock that DuckDB takes; macOS has no such call in .NET, and there the size and time must do.
                if (!OperatingSystem.IsMacOS())
                    source.Lock(0, long.MaxValue);
                var before = (source.Length, File.GetLastWriteTimeUtc(file));
                // Rows that DuckDB could not write back into the file when it was closed.
                CopyIfAny(file + ".wal", backup + ".wal");
                using (var target = new FileStream(partial, FileMode.Create, FileAccess.Write, FileShare.None))
                {
                    Copy(source, target, cancellationToken);
                    target.Flush(flushToDisk: true);
                }
                if (before != (source.Length, File.GetLastWriteTimeUtc(file)))
                    throw new DatabaseLockedException(file, "another process, which wrote to it while it was copied");
            }
            File.Move(partial, backup, overwrite: true);
            return backup;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new DatabaseUnavailableException(backup, exception.Message);
        }
        finally
        {
            File.Delete(partial);
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
