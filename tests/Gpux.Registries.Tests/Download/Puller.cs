using System.Diagnostics;

namespace Gpux.Registries.Tests.Download;

/// <summary>A process of its own that pulls a model.</summary>
internal static class Puller
{
    public static string Program { get; } = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Gpux.Registries.Puller.exe" : "Gpux.Registries.Puller");

    public static Process Start(TestMachine machine, string model, params (string Name, string Value)[] variables) =>
        Start(machine, new ProcessStartInfo(Program, [model]), variables);

    /// <summary>Starts another program, such as a shell, with the machine's variables.</summary>
    public static Process Start(TestMachine machine, ProcessStartInfo start, params (string Name, string Value)[] variables)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        foreach (var (name, value) in machine.Variables)
            start.Environment[name] = value;
        foreach (var (name, value) in variables)
        {
            // Empty: not set.
            start.Environment.Remove(name);
            if (value.Length > 0)
                start.Environment[name] = value;
        }
        return Process.Start(start)!; // Null only for shell-executed documents
    }

    /// <summary>Waits for the end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> EndAsync(this Process process)
    {
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await errors);
    }
}
