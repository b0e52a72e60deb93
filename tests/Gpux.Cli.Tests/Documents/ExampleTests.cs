using System.Diagnostics;
using Gpux.StandIns;

namespace Gpux.Cli.Tests.Documents;

/// <summary>Runs what documents show, as their reader would: in a shell, in order, in a home that is empty at first.</summary>
[Collection(Document.Writers)]
public sealed class ExampleTests
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromMinutes(2);

    public static TheoryData<string> DocumentsWithExamples =>
        [.. Document.All.Where(name => ConsoleExample.Of(Document.Load(name)).Count > 0)];

    public static TheoryData<string> Documents => [.. Document.All];

    [Theory]
    [Trait("Category", "Slow")]
    [MemberData(nameof(DocumentsWithExamples))]
    public async Task Examples_print_what_the_document_shows(string name)
    {
        // The first command may have to build the program, which is no part of the examples and needs the user's own home.
        await RunAsync("./gpux version", Corpus.Repository, home: null, TimeSpan.FromMinutes(10));
        var document = Document.Load(name);
        using var reader = new Reader();
        if (document.HasResults)
            ExampleResults.Write(reader.Home);
        // Pages about a registry are read beside its stand-in.
        await using var standIn = document.StandIn is { } registry ? await StandInCatalog.StartAsync(registry) : null;
        var mistakes = new List<string>();
        var lines = document.Text.Split('\n').ToList();
        foreach (var example in ConsoleExample.Of(document))
        {
            var actual = reader.Shown(await RunAsync(Called(example.Command, standIn), reader.Folder, reader.Home, CommandLimit, standIn?.Variables), standIn);
            if (ExpectedOutput.Matches(example.Output, actual))
                continue;
            // An error that no one expected is no output to be shown.
            if (Document.Update && (!IsFailure(actual) || IsFailure(example.Output)))
            {
                var start = example.Line + 1 + lines.Count - document.LineCount;
                lines.RemoveRange(start, example.Output.Length);
                lines.InsertRange(start, actual);
            }
            else
            {
                mistakes.Add($"{name}:{example.Line + 1}: $ {example.Command}\nexpected:\n{string.Join('\n', example.Output)}\nprinted:\n{string.Join('\n', actual)}\n");
            }
        }
        if (Document.Update)
            await File.WriteAllTextAsync(document.Path, string.Join('\n', lines));
        Assert.True(mistakes.Count == 0, string.Join('\n', mistakes));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void Commands_stand_where_they_are_run(string name)
    {
        var others = Document.Load(name).Blocks().Where(block => block.Language != ConsoleExample.Language).SelectMany(block => block.Lines);
        Assert.DoesNotContain(others, line => line.TrimStart('$', ' ').StartsWith("./gpux ", StringComparison.Ordinal));
    }

    // As the reader of the page would call the server.
    private static string Called(string command, IStandIn? standIn) =>
        standIn is null ? command : command.Replace("https://registry.example", standIn.Servers[0].Address, StringComparison.Ordinal);

    private static bool IsFailure(string[] output) => output is [.., var last] && last.StartsWith("[exit ", StringComparison.Ordinal);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string command, string folder, string? home, TimeSpan limit, IReadOnlyDictionary<string, string>? variables = null)
    {
        var start = new ProcessStartInfo("bash", ["-c", command])
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        if (home is not null)
        {
            foreach (var variable in start.Environment.Keys.ToArray())
                if (variable.Split('_')[0] is "GPUX" or "HF" or "XDG" or "HUGGINGFACE" or "TRANSFORMERS"
                    or "KAGGLE" or "KAGGLEHUB" or "TFHUB" or "KERAS" or "ONNX" or "TORCH" or "MLFLOW" or "WANDB" or "OLLAMA" or "MODELSCOPE" or "GITHUB" or "GH" or "AWS" or "DOCKER")
                    start.Environment.Remove(variable);
            start.Environment["HOME"] = home;
            if (variables is null)
                start.Environment["HF_HUB_OFFLINE"] = "1"; // examples need no network
            foreach (var (name, value) in variables ?? new Dictionary<string, string>())
                start.Environment[name] = value;
            start.Environment["NO_COLOR"] = "1";
        }
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
            throw new TimeoutException($"'{command}' did not end within {limit.TotalSeconds:0} s.");
        }
    }

    /// <summary>A reader's machine: a home of its own, and a checkout in which files may be made.</summary>
    private sealed class Reader : IDisposable
    {
        // On the repository's file system, so that weights can be linked.
        private readonly string _root = Directory.CreateDirectory(
            Path.Combine(Corpus.Repository, "artifacts", "examples", Path.GetRandomFileName())).FullName;

        public Reader()
        {
            Home = Directory.CreateDirectory(Path.Combine(_root, "home")).FullName;
            Folder = Directory.CreateDirectory(Path.Combine(Home, "gpux")).FullName;
            foreach (var name in (ReadOnlySpan<string>)["gpux", "samples", "tests"])
                File.CreateSymbolicLink(Path.Combine(Folder, name), Path.Combine(Corpus.Repository, name));
        }

        public string Home { get; }
        public string Folder { get; }

        /// <summary>What the document should show: the machine's own folders as the reader knows them.</summary>
        /// <param name="standIn">Whose servers the document calls by example names.</param>
        public string[] Shown((int ExitCode, string Output, string Error) result, IStandIn? standIn)
        {
            var text = result.ExitCode == 0 ? result.Output : $"{result.Output}{result.Error}[exit {result.ExitCode}]\n";
            text = text.ReplaceLineEndings("\n").Replace(Home, "~").Replace(Corpus.Repository, "~/gpux");
            foreach (var (index, server) in (standIn?.Servers ?? []).Index())
            {
                var name = index == 0 ? "registry.example" : $"storage{index}.example";
                text = text.Replace(server.Address, $"https://{name}").Replace(server.Address["http://".Length..], name);
            }
            var lines = text.Split('\n');
            return lines[^1].Length == 0 ? lines[..^1] : lines;
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);
    }
}
