using System.Diagnostics;

namespace Gpux.Benchmarks.Tests.Database;

/// <summary>Program.cs of the tests, as another process.</summary>
internal sealed class OtherProcess : IDisposable
{
    private readonly Process _process;

    /// <param name="shellBefore">Such as "ulimit -f 1000;": commands of sh that the process comes after.</param>
    public OtherProcess(string mode, string path, string argument = "", string? shellBefore = null)
    {
        var program = Path.ChangeExtension(typeof(OtherProcess).Assembly.Location, ".dll");
        var start = new ProcessStartInfo(shellBefore is null ? "dotnet" : "sh")
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        string[] command = [program, mode, path, argument];
        if (shellBefore is null)
            Array.ForEach(command, start.ArgumentList.Add);
        else
            Array.ForEach(["-c", shellBefore + " exec dotnet \"$@\"", "sh", .. command], start.ArgumentList.Add);
        _process = Process.Start(start)!; // null only where a running process is reused, which no shell execution does
    }

    public int Id => _process.Id;

    /// <returns>Null at its end.</returns>
    public string? ReadLine() => _process.StandardOutput.ReadLine();

    /// <returns>Null at its end.</returns>
    public Task<string?> ReadLineAsync() => _process.StandardOutput.ReadLineAsync();

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void EndInput()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
