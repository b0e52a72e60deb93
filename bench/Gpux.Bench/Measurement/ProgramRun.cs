using System.Diagnostics;
using System.Globalization;

namespace Gpux.Bench.Measurement;

/// <summary>A program that is started as a user starts it, and must succeed.</summary>
/// <param name="Environment">Variables to set beside those of this process.</param>
internal sealed record ProgramRun(string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment)
{
    /// <returns>Milliseconds from before the start to after the end, and what the program wrote.</returns>
    public (double Milliseconds, string Output) Run()
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Start();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        RequireSuccess(process);
        return (milliseconds, output);
    }

    public double Milliseconds() => Run().Milliseconds;

    /// <returns>The most memory that was resident at a time, mapped files included, in MB; null where the system does not say.</returns>
    /// <remarks>What wait4 reports will not do: a child begins with the peak of the process that started it. So the child's own
    /// peak is read again and again, until it ends; this takes time, and runs that are measured so are not timed.</remarks>
    public double? PeakMemory()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        using var process = Start();
        var status = $"/proc/{process.Id}/status";
        var drained = process.StandardOutput.ReadToEndAsync();
        long kilobytes = 0;
        while (!process.HasExited)
            kilobytes = Math.Max(kilobytes, PeakKilobytes(status));
        drained.GetAwaiter().GetResult();
        RequireSuccess(process);
        return kilobytes * 1024 / 1e6;
    }

    private static long PeakKilobytes(string status)
    {
        const string Key = "VmHWM:";
        try
        {
            foreach (var line in System.IO.File.ReadLines(status))
                if (line.StartsWith(Key, StringComparison.Ordinal))
                    return long.Parse(line.AsSpan(Key.Length, line.Length - Key.Length - " kB".Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended meanwhile.
        }
        return 0;
    }

    private Process Start()
    {
        var start = new ProcessStartInfo(File, Arguments) { RedirectStandardOutput = true };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!; // null only where a shell opens a document
    }

    private void RequireSuccess(Process process)
    {
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"'{File} {string.Join(' ', Arguments)}' ended with exit code {process.ExitCode}.");
    }
}
