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
        foreach (var (path, value, failure) in Results)
        {
            json.WriteStartObject();
            json.WriteString("file", path);
            if (value is not null)
                write(value);
            else
                WriteError(json, failure!); // one of both
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>Says why files failed, and what to do.</summary>
    /// <returns>The exit code: failed if any file did.</returns>
    public int Finish(Terminal terminal)
    {
        var failures = Results.Select(result => result.Failure).OfType<GpuxException>().ToArray();
        foreach (var failure in terminal.Json ? [] : failures)
            terminal.Note($"{terminal.Red("error")} GPUX{(int)failure.Code}: {TerminalText.Safe(failure.Message)}\n  {TerminalText.Safe(failure.Remedy)}");
        return failures.Length == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private static void WriteError(Utf8JsonWriter json, GpuxException failure)
    {
        json.WriteStartObject("error");
        json.WriteString("code", $"GPUX{(int)failure.Code}");
        json.WriteString("name", failure.Code.ToString());
        json.WriteString("problem", failure.Message);
        json.WriteString("remedy", failure.Remedy);
        json.WriteEndObject();
    }
}

internal static class FileBatch
{
    /// <summary>Works on several files at once; one that is named twice, once after the other.</summary>
    public static FileBatch<T> Run<T>(IReadOnlyList<string> files, Func<string, T> operation, CancellationToken cancellationToken) where T : class
    {
        var results = new FileResult<T>[files.Count];
        var places = Enumerable.Range(0, files.Count).GroupBy(place => Path.GetFullPath(files[place])).ToArray();
        Parallel.ForEach(places, new ParallelOptions { CancellationToken = cancellationToken }, group =>
        {
            foreach (var place in group)
                results[place] = Run(files[place], operation);
        });
        return new FileBatch<T>(results);
    }

    private static FileResult<T> Run<T>(string path, Func<string, T> operation) where T : class
    {
        try
        {
            return new FileResult<T>(path, operation(path), null);
        }
        catch (GpuxException failure)
        {
            return new FileResult<T>(path, null, failure);
        }
    }
}
