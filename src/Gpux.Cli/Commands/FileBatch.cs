using System.Globalization;
using System.Text.Json;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Commands;

/// <param name="Value">Null if it failed.</param>
/// <param name="Failure">Null if it did not.</param>
internal sealed record FileResult<T>(string Path, T? Value, GpuxException? Failure) where T : class;

/// <summary>One operation on many files: what is wrong with one keeps it from none of the others.</summary>
/// <param name="Results">In the order of the files.</param>
internal sealed record FileBatch<T>(IReadOnlyList<FileResult<T>> Results) where T : class
{
    /// <summary>Writes an array with an object for each file, into which <paramref name="write"/> puts what came of it.</summary>
    public void Write(Utf8JsonWriter json, Action<T> write)
    {
        json.WriteStartArray();
        foreach (var result in Results)
        {
            if (result.Value is not { } value)
            {
                WriteFailure(json, result);
                continue;
            }
            json.WriteStartObject();
            json.WriteString("file", result.Path);
            write(value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Writes an array with what <paramref name="write"/> makes of each file, and an object that names it where that failed.</summary>
    public void WriteItems(Utf8JsonWriter json, Action<T> write)
    {
        json.WriteStartArray();
        foreach (var result in Results)
        {
            if (result.Value is { } value)
                write(value);
            else
                WriteFailure(json, result);
        }
        json.WriteEndArray();
    }

    /// <summary>Says why files failed, what to do, and how many there were.</summary>
    /// <param name="lack">What the summary says of those that failed, such as <c>without an answer</c>.</param>
    /// <returns>The exit code: failed if any file did.</returns>
    public int Finish(Terminal terminal, string lack)
    {
        var failures = Results.Where(result => result.Failure is not null).ToArray();
        if (failures.Length == 0)
            return ExitCode.Done;
        foreach (var (path, _, failure) in terminal.Json ? [] : failures.Take(RowReport.Shown))
        {
            // What a model says of an input does not name it.
            var problem = failure!.Message.Contains(path, StringComparison.Ordinal) ? failure.Message : $"{path}: {failure.Message}"; // one of those that failed
            terminal.Note($"{terminal.Red("error")} GPUX{(int)failure.Code}: {TerminalText.Safe(problem)}\n  {TerminalText.Safe(failure.Remedy)}");
        }
        if (!terminal.Json && failures.Length > RowReport.Shown)
            terminal.Note("  Further files that fail are counted, not shown.");
        if (Results.Count > 1)
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{Results.Count:N0} files, {failures.Length:N0} {lack}"));
        return ExitCode.Failed;
    }

    private static void WriteFailure(Utf8JsonWriter json, FileResult<T> result)
    {
        json.WriteStartObject();
        json.WriteString("file", result.Path);
        ErrorJson.Write(json, result.Failure!); // one of those that failed
        json.WriteEndObject();
    }
}

internal static class FileBatch
{
    /// <summary>Works on several files at once; one that is named twice, once after the other.</summary>
    /// <param name="atOnce">How many files; -1 for as many as the machine has cores.</param>
    public static async Task<FileBatch<T>> RunAsync<T>(
        IReadOnlyList<string> files, Func<string, CancellationToken, T> operation, CancellationToken cancellationToken, int atOnce = -1) where T : class
    {
        var results = new FileResult<T>[files.Count];
        var places = Enumerable.Range(0, files.Count).GroupBy(place => Path.GetFullPath(files[place])).ToArray();
        var options = new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(places, options, (group, token) =>
        {
            foreach (var place in group)
                results[place] = Run(files[place], operation, token);
            return ValueTask.CompletedTask;
        });
        return new FileBatch<T>(results);
    }

    private static FileResult<T> Run<T>(string path, Func<string, CancellationToken, T> operation, CancellationToken cancellationToken) where T : class
    {
        try
        {
            return new FileResult<T>(path, operation(path, cancellationToken), null);
        }
        catch (GpuxException failure)
        {
            return new FileResult<T>(path, null, failure);
        }
    }
}
