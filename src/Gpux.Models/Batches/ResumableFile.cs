using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Gpux.Models.Batches;

/// <summary>A file that is written row by row over a long time and is there only when it is whole. Until then the rows lie in PATH.partial,
/// and PATH.partial.json says how many of them count: a later process with the same work goes on from there.</summary>
/// <remarks>What is written after the last <see cref="Commit"/> is cut off when the work goes on, so that no row is lost or there twice.
/// Described in docs/formats/partial-output.md.</remarks>
public sealed class ResumableFile : IDisposable
{
    private const int Format = 1;
    private readonly string _work;
    private readonly FileStream _stream;
    private readonly TimeSpan _commitInterval;
    private long _newRows, _newFailures, _lastCommit = Stopwatch.GetTimestamp();

    private ResumableFile(string path, string work, FileStream stream, TimeSpan commitInterval)
    {
        (Path, _work, _stream, _commitInterval) = (path, work, stream, commitInterval);
        Resume();
    }

    public string Path { get; }

    /// <summary>Takes the rows.</summary>
    public Stream Stream => _stream;

    /// <summary>The rows that are done.</summary>
    public long Rows { get; private set; }

    /// <summary>How many of them have no answer.</summary>
    public long Failures { get; private set; }

    private string Partial => _stream.Name;
    private string Journal => $"{_stream.Name}.json";

    /// <param name="path">Replaced when the work is complete.</param>
    /// <param name="work">Everything that the rows depend on: another work starts anew.</param>
    /// <param name="commitInterval">How much work a process that is killed may lose; null for a second, so that a quick row costs no flush of
    /// its own.</param>
    /// <exception cref="BatchOutputException">The folder cannot be written.</exception>
    /// <exception cref="BatchInUseException">Another process is at it.</exception>
    public static ResumableFile Open(string path, IEnumerable<string> work, TimeSpan? commitInterval = null)
    {
        path = System.IO.Path.GetFullPath(path);
        if (Directory.Exists(path))
            throw new BatchOutputException(path, "it is a folder.", "Name a file with -o.");
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', work))));
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!); // a file lies in a folder
            return new ResumableFile(path, digest, new FileStream($"{path}.partial", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1 << 16),
                commitInterval ?? TimeSpan.FromSeconds(1));
        }
        catch (IOException exception) when (IsInUse(exception))
        {
            throw new BatchInUseException(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, exception);
        }
    }

    // A violation of sharing: on Unix EWOULDBLOCK of the lock, on Windows an error of its own.
    internal static bool IsInUse(IOException exception) => exception.HResult is 11 or 35 or unchecked((int)0x80070020);

    /// <summary>Writes answers, and makes them count when it is time.</summary>
    /// <param name="write">Writes them to the stream.</param>
    /// <exception cref="BatchOutputException">They cannot be written; what counts is kept.</exception>
    public void Add(IReadOnlyList<BatchAnswer> answers, Action write)
    {
        Write(write);
        (_newRows, _newFailures) = (_newRows + answers.Count, _newFailures + answers.Count(answer => answer.Failure is not null));
        if (Stopwatch.GetElapsedTime(_lastCommit) >= _commitInterval)
            Commit();
    }

    /// <summary>Makes what has been written count.</summary>
    public void Commit() => Write(() =>
    {
        (Rows, Failures) = (Rows + _newRows, Failures + _newFailures);
        (_newRows, _newFailures, _lastCommit) = (0, 0, Stopwatch.GetTimestamp());
        _stream.Flush(flushToDisk: true);
        var temporary = $"{Journal}.tmp";
        try
        {
            using (var journal = new FileStream(temporary, FileMode.Create))
            using (var json = new Utf8JsonWriter(journal))
            {
                json.WriteStartObject();
                json.WriteNumber("format", Format);
                json.WriteString("work", _work);
                json.WriteNumber("rows", Rows);
                json.WriteNumber("failures", Failures);
                json.WriteNumber("bytes", _stream.Position);
                json.WriteEndObject();
            }
            File.Move(temporary, Journal, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    });

    /// <summary>Gives the file its name.</summary>
    public void Complete() => Write(() =>
    {
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(Partial, Path, overwrite: true);
        File.Delete(Journal);
    });

    /// <summary>Puts a file that was made of the rows in their place.</summary>
    /// <param name="write">Writes the file.</param>
    public void CompleteAs(Action<Stream> write) => Write(() =>
    {
        _stream.Flush();
        var temporary = $"{Path}.tmp";
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, Path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
        File.Delete(Journal);
        _stream.Dispose();
        File.Delete(Partial);
    });

    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // What a full disk did not take has been told, and does not count.
        }
    }

    private void Resume()
    {
        var bytes = 0L;
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Journal));
            var root = json.RootElement;
            if (root.GetProperty("format").GetInt32() == Format && root.GetProperty("work").GetString() == _work
                && root.GetProperty("bytes").GetInt64() is var length && length <= _stream.Length)
                (bytes, Rows, Failures) = (length, root.GetProperty("rows").GetInt64(), root.GetProperty("failures").GetInt64());
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            // None, or one that says nothing: the work starts anew.
        }
        _stream.SetLength(bytes);
        _stream.Position = bytes;
    }

    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(Path, exception);
        }
    }

    private static BatchOutputException Unwritable(string path, Exception exception) => new(path, exception.Message,
        "Free some space or change the permissions, and run the same command again: it goes on with the rows that are not done. Or name another file with -o.", exception);
}
