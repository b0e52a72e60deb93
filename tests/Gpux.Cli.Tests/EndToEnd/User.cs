using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Gpux.Cli.Tests.EndToEnd;

/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record Answer(int ExitCode, string Output, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public override string ToString() => $"exit {ExitCode}\n{Output}\n{Error}";
}

/// <summary>Somebody with an empty home, who runs the built program.</summary>
internal sealed class User : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly Lazy<Task> Built = new(async () => _ = await RunAsync(Launcher, ["version"], Corpus.Repository, [], TimeSpan.FromMinutes(10)));

    // On the repository's file system, so that weights can be linked.
    private readonly string _home = Directory.CreateDirectory(Path.Combine(Corpus.Repository, "artifacts", "users", Path.GetRandomFileName())).FullName;

    public string Folder => _home;

    /// <summary>Set besides the home; a null removes one.</summary>
    public Dictionary<string, string?> Variables { get; } = new() { ["NO_COLOR"] = "1", ["HF_ENDPOINT"] = "http://127.0.0.1:9" }; // nothing answers there

    public static string Samples => Path.Combine(Corpus.Repository, "samples");
    private static string Launcher => Path.Combine(Corpus.Repository, "gpux");

    public Task<Answer> RunAsync(params string[] arguments) => RunWithInputAsync(input: null, arguments);

    /// <param name="input">Standard input; null for none.</param>
    public async Task<Answer> RunWithInputAsync(string? input, params string[] arguments)
    {
        await Built.Value;
        return await RunAsync(Launcher, arguments, _home, Environment(), Limit, input);
    }

    /// <summary>Runs the program where the folder "disk" is a disk of its own, in memory and for this run alone (Linux, user namespaces); what is on
    /// it is gone afterwards.</summary>
    /// <param name="megabytes">The disk's size.</param>
    /// <param name="after">Commands of sh that come after the program, in "disk", to look at what it left; the program is "$gpux" there.</param>
    public async Task<Answer> RunOnDiskAsync(int megabytes, string after, params string[] arguments)
    {
        await Built.Value;
        Directory.CreateDirectory(Path.Combine(_home, "disk"));
        const string Script = """
            size=$1; after=$2; gpux=$3; shift 3
            mount -t tmpfs -o size="${size}m" tmpfs disk || exit 99
            mkdir disk/tmp
            "$gpux" "$@"; code=$?
            cd disk && eval "$after"
            exit $code
            """;
        return await RunAsync("unshare", ["-Urm", "sh", "-c", Script, "sh", $"{megabytes}", after, Launcher, .. arguments], _home, Environment(), Limit);
    }

    /// <summary>Starts the program and interrupts it, as Ctrl-C does, when it has written something.</summary>
    public async Task<Answer> InterruptAsync(params string[] arguments)
    {
        await Built.Value;
        using var process = Start(Launcher, arguments, _home, Environment());
        process.StandardInput.Close();
        var first = new char[1];
        await process.StandardOutput.ReadAsync(first).AsTask().WaitAsync(Limit);
        Assert.Equal(0, Kill(process.Id, signal: 2));
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Limit);
        return new Answer(process.ExitCode, first[0] + await output, await error);
    }

    /// <summary>Starts the program and interrupts it, it alone, when it has started a program itself.</summary>
    /// <returns>And the number of the process that it started.</returns>
    public async Task<(Answer Answer, int Child)> InterruptWithChildAsync(params string[] arguments)
    {
        await Built.Value;
        using var process = Start(Launcher, arguments, _home, Environment());
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var child = await ChildAsync(process);
        Assert.Equal(0, Kill(process.Id, signal: 2));
        await process.WaitForExitAsync().WaitAsync(Limit);
        return (new Answer(process.ExitCode, await output, await error), child);
    }

    /// <summary>Runs the program, and does something when it has started a program itself.</summary>
    public async Task<Answer> RunAndMeanwhileAsync(Action meanwhile, params string[] arguments)
    {
        await Built.Value;
        using var process = Start(Launcher, arguments, _home, Environment());
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await ChildAsync(process);
        meanwhile();
        await process.WaitForExitAsync().WaitAsync(Limit);
        return new Answer(process.ExitCode, await output, await error);
    }

    /// <summary>Starts the program and kills it, it alone, when it has started a program itself.</summary>
    /// <returns>The number of the process that it started.</returns>
    public async Task<int> KillWithChildAsync(params string[] arguments)
    {
        await Built.Value;
        using var process = Start(Launcher, arguments, _home, Environment());
        process.StandardInput.Close();
        var child = await ChildAsync(process);
        process.Kill();
        await process.WaitForExitAsync();
        return child;
    }

    private static async Task<int> ChildAsync(Process process)
    {
        using var timeout = new CancellationTokenSource(Limit);
        while (true)
        {
            Assert.False(process.HasExited, "The program ended without having started another.");
            foreach (var thread in Directory.GetDirectories($"/proc/{process.Id}/task"))
            {
                try
                {
                    if (await File.ReadAllTextAsync(Path.Combine(thread, "children"), timeout.Token) is { Length: > 0 } children && int.Parse(children.Split(' ')[0]) is var child
                        && (await File.ReadAllTextAsync($"/proc/{child}/cmdline", timeout.Token)).Contains("\0launch\0", StringComparison.Ordinal))
                        return child;
                }
                catch (IOException)
                {
                    // One that ended meanwhile, as the launcher's own helpers do.
                }
            }
            await Task.Delay(20, timeout.Token);
        }
    }

    /// <summary>Starts the program, and kills it after a while if it has not ended by then.</summary>
    public async Task KillAsync(TimeSpan after, params string[] arguments)
    {
        await Built.Value;
        using var process = Start(Launcher, arguments, _home, Environment());
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(after);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    /// <summary>A copy of a recorded repository, to be damaged.</summary>
    public string Copy(string area, string name)
    {
        var target = Path.Combine(_home, name);
        var source = Corpus.PathOf(area, name, "repo");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file lies in a folder
            File.Copy(file, copy);
        }
        return target;
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private Dictionary<string, string?> Environment()
    {
        var variables = new Dictionary<string, string?>(Variables) { ["HOME"] = _home };
        foreach (var name in (ReadOnlySpan<string>)["HF_HOME", "HF_HUB_CACHE", "HF_TOKEN", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "GPUX_HOME", "HF_HUB_OFFLINE"])
            variables.TryAdd(name, null);
        return variables;
    }

    /// <param name="variables">Set besides those of this process; a null removes one.</param>
    public static async Task<Answer> RunAsync(
        string program, string[] arguments, string folder, Dictionary<string, string?> variables, TimeSpan limit, string? input = null)
    {
        using var process = Start(program, arguments, folder, variables);
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync().WaitAsync(limit);
            return new Answer(process.ExitCode, await output, await error);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(string program, string[] arguments, string folder, Dictionary<string, string?> variables)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
        {
            if (value is null)
                start.Environment.Remove(name);
            else
                start.Environment[name] = value;
        }
        return Process.Start(start)!; // a new process each time
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Kill(int process, int signal);
}
