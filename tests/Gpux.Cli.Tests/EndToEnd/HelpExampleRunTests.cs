using System.CommandLine;
using System.Diagnostics;
using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Cli.Commands;
using Gpux.Cli.Commands.Benchmarks;
using Gpux.Cli.Commands.Database;
using Gpux.Cli.Terminals;
using Gpux.Cli.Tests.Documents;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>What --help of the benchmark commands shows is run, line by line, each in a copy of one world: results of two versions, and the samples.</summary>
[Trait("Category", "Slow")]
public sealed class HelpExampleRunTests : IDisposable
{
    private const string Model = "bert-base-uncased";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // On the repository's file system, so that weights can be linked.
    private readonly string _root = Directory.CreateDirectory(Path.Combine(Corpus.Repository, "artifacts", "examples", Path.GetRandomFileName())).FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Examples_of_the_benchmark_commands_do_what_they_say()
    {
        var examples = Examples();
        Assert.True(examples.Length >= 30, $"{examples.Length} examples");
        // The first command may have to build the program.
        await RunAsync("gpux version", Made("first"), TimeSpan.FromMinutes(10));
        var prepared = Made("prepared");
        Fill(prepared);
        List<string> mistakes = [];
        foreach (var (i, example) in examples.Index())
        {
            var home = Made($"{i}");
            Copy(prepared, home);
            var (exitCode, output, error) = await RunAsync(example, home, Limit);
            if (exitCode != 0 || output.Length == 0 || error.Contains("error GPUX", StringComparison.Ordinal))
                mistakes.Add($"$ {example}\nexit {exitCode}\n{output}{error}");
        }
        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }

    private static string[] Examples()
    {
        using var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
        using var services = new Services(terminal);
        return [.. All(Application.Build(services, [])).OfType<GpuxCommand>().Where(command => !command.Hidden).Where(command => command is BenchCommand or RecommendCommand or PlanTrainingCommand
            || command.GetType().Namespace == typeof(DatabaseCommand).Namespace || command is BenchCompareCommand).SelectMany(command => command.Examples)];

        static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
    }

    private string Made(string name) => Directory.CreateDirectory(Path.Combine(_root, name)).FullName;

    /// <summary>Somebody who measured two versions, of whom each has a snapshot, and has a model to train.</summary>
    private static void Fill(string home)
    {
        ExampleResults.Write(home);
        var database = Path.Combine(home, ".local", "share", "gpux", "benchmarks.duckdb");
        using (var store = BenchmarkStore.Open(database, Limit, CancellationToken.None))
        {
            var example = store.Find(new RunFilter { Ids = [1] }, CancellationToken.None).Single().Run;
            store.Add(example with { Key = "llama", Model = new BenchmarkedModel("llama-7b") { ParameterCount = 7_000_000_000 } }, CancellationToken.None);
            var versions = new VersionControlSystem(store);
            foreach (var version in (string[])["v1.0.0", "v1.1.0"])
                versions.CreateCompatibilitySnapshot(Model, version);
            versions.MoveAlias(Model, "champion", "v1.0.0");
        }
        File.Copy(database, Path.Combine(home, "benchmark_db.duckdb"));
        foreach (var name in (string[])["samples", "tests"])
            File.CreateSymbolicLink(Path.Combine(home, name), Path.Combine(Corpus.Repository, name));
        File.WriteAllText(Path.Combine(home, "config.json"), """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32,
             "num_key_value_heads": 32, "vocab_size": 32000, "max_position_embeddings": 4096, "tie_word_embeddings": false}
            """);
    }

    private static void Copy(string from, string to)
    {
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link)
                File.CreateSymbolicLink(target, link);
            else if (entry is DirectoryInfo)
                Copy(entry.FullName, Directory.CreateDirectory(target).FullName);
            else
                File.Copy(entry.FullName, target);
        }
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string line, string home, TimeSpan limit)
    {
        var start = new ProcessStartInfo("bash", ["-c", line]) { WorkingDirectory = home, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GPUX", StringComparison.Ordinal) || name.StartsWith("XDG", StringComparison.Ordinal) || name.StartsWith("MLFLOW", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        (start.Environment["HOME"], start.Environment["NO_COLOR"], start.Environment["HF_HUB_OFFLINE"]) = (home, "1", "1");
        start.Environment["PATH"] = $"{Corpus.Repository}{Path.PathSeparator}{start.Environment["PATH"]}";
        using var process = Process.Start(start)!; // a new process each time
        process.StandardInput.Close();
        using var timeout = new CancellationTokenSource(limit);
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(timeout.Token), process.StandardError.ReadToEndAsync(timeout.Token));
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{line}' did not end within {limit.TotalSeconds:0} s.");
        }
    }
}
