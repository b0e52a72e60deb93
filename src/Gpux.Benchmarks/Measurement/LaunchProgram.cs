using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Gpux.Benchmarks.Measurement;

/// <summary>The program that measures a launch in a process of its own: reads a line of JSON from standard input, and writes one.</summary>
/// <remarks>Standard input stays open for as long as the answer is wanted: a process whose starter died reads its end, and ends.</remarks>
/// <param name="Arguments">That make it measure.</param>
public sealed record LaunchProgram(string File, IReadOnlyList<string> Arguments)
{
    private const int LongestAnswer = 256 << 20;
    private const int LongestComplaint = 16 << 10;

    /// <summary>Runs it.</summary>
    /// <param name="limit">After it the process is ended.</param>
    /// <exception cref="LaunchFailedException">It ended otherwise than it should, or not in time. No process is left.</exception>
    internal async Task<LaunchReport> RunAsync(LaunchRequest request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var process = Start();
        using var timer = new CancellationTokenSource(limit);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timer.Token);
        var (output, error) = (ReadAsync(process.StandardOutput, LongestAnswer, either.Token), ReadAsync(process.StandardError, LongestComplaint, either.Token));
        try
        {
            await SendAsync(process, request.ToJson(), either.Token);
            await process.WaitForExitAsync(either.Token);
            return Answered(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new LaunchFailedException($"A launch did not end within {limit.TotalSeconds:0.#} s, and was ended.",
                "Measure a smaller batch or fewer tokens; or run the model once with gpux run, to see whether it answers at all.");
        }
        finally
        {
            await EndAsync(process);
        }
    }

    private Process Start()
    {
        try
        {
            return Process.Start(new ProcessStartInfo(File, Arguments)
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
                StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
            })!; // null only where a shell opens a document
        }
        catch (Win32Exception exception)
        {
            throw new LaunchFailedException($"'{File}' cannot be started: {exception.Message}.", "Check the installation of gpux.");
        }
    }

    private static async Task SendAsync(Process process, string line, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(line.AsMemory(), cancellationToken);
            await process.StandardInput.FlushAsync(cancellationToken);
        }
        catch (IOException)
        {
            // It ended before it read; how it ended says more.
        }
    }

    // What is beyond the limit is read, lest the process wait, and dropped.
    private static async Task<string> ReadAsync(StreamReader reader, int limit, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[1 << 14];
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
            text.Append(buffer, 0, Math.Min(count, limit - text.Length));
        return text.ToString();
    }

    private static LaunchReport Answered(int exitCode, string output, string error)
    {
        if (exitCode == 0)
            return LaunchReport.Parse(output);
        if (Refusal(error) is { } refusal)
            throw refusal;
        var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var said = lines.FirstOrDefault(line => line.StartsWith("error ", StringComparison.Ordinal)) ?? lines.LastOrDefault();
        throw new LaunchFailedException($"A launch ended with exit code {exitCode}{(said is null ? " and said nothing" : $": {said}")}.",
            exitCode is 137 or 134 or 139 ? "It was ended by the system, most often for want of memory: measure a smaller batch." : "Run the model once with gpux run, to see whether it answers at all.");
    }

    // As commands report errors with --json.
    private static LaunchFailedException? Refusal(string error)
    {
        try
        {
            using var document = JsonDocument.Parse(error);
            var json = document.RootElement.GetProperty("error");
            return new LaunchFailedException($"{json.GetProperty("code").GetString()}: {json.GetProperty("problem").GetString()}", json.GetProperty("remedy").GetString() ?? "");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static async Task EndAsync(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It has ended.
        }
        await process.WaitForExitAsync(CancellationToken.None);
    }
}
