using System.Diagnostics;
using System.Globalization;
using Gpux.Cli.Terminals;
using Gpux.Models.Batches;

namespace Gpux.Cli.Commands;

/// <summary>Tells what became of the rows of a file: the first that failed one by one, and how many there were.</summary>
internal sealed class RowReport(Terminal terminal)
{
    /// <summary>How many lines tell of failures before they are only counted.</summary>
    public const int Shown = 20;

    private readonly long _started = Stopwatch.GetTimestamp();
    private int _count;

    /// <summary>Tells of a row without an answer.</summary>
    public void Add(GpuxException failure)
    {
        if (++_count <= Shown)
            terminal.Note($"{terminal.Red("error")} GPUX{(int)failure.Code}: {TerminalText.Safe(failure.Message)}");
        else if (_count == Shown + 1)
            terminal.Note("  Further rows that fail are counted, not shown.");
    }

    /// <param name="output">The file that was written; null for standard output, where nothing else is then written.</param>
    /// <returns>The exit code: failed if any row did.</returns>
    public int Finish(BatchSummary summary, string? output)
    {
        var seconds = Stopwatch.GetElapsedTime(_started).TotalSeconds;
        if (summary.FirstNote is { } note)
            terminal.Note($"note: {TerminalText.Safe(note)}{(summary.Noted > 1 ? string.Create(CultureInfo.InvariantCulture, $" So in {summary.Noted - 1:N0} more.") : "")}");
        var rate = (summary.Rows - summary.Resumed) / seconds;
        if (terminal.Json && output is not null)
        {
            terminal.Print(_ => { }, json =>
            {
                json.WriteStartObject();
                json.WriteString("output", output);
                json.WriteNumber("rows", summary.Rows);
                json.WriteNumber("failures", summary.Failures);
                json.WriteNumber("resumed", summary.Resumed);
                json.WriteNumber("noted", summary.Noted);
                json.WriteNumber("seconds", Math.Round(seconds, 3));
                json.WriteEndObject();
            });
        }
        else
        {
            terminal.Note(string.Create(CultureInfo.InvariantCulture, $"{summary.Rows:N0} {(summary.Rows == 1 ? "row" : "rows")}{(output is null ? "" : $" in {output}")}")
                + (summary.Failures > 0 ? string.Create(CultureInfo.InvariantCulture, $", {summary.Failures:N0} without an answer") : "")
                + (summary.Resumed > 0 ? string.Create(CultureInfo.InvariantCulture, $", {summary.Resumed:N0} of them by an earlier run") : "")
                + string.Create(CultureInfo.InvariantCulture, $"; {rate:N0} rows/s"));
        }
        return summary.Failures == 0 ? ExitCode.Done : ExitCode.Failed;
    }
}
