using System.Runtime.InteropServices;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>What eng/publish makes for this platform runs where nothing else is.</summary>
[Trait("Category", "Slow")]
public sealed class PublishedProgramTests : IDisposable
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(15), RunLimit = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Corpus.Repository, "artifacts", "users", Path.GetRandomFileName())).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_published_folder_needs_nothing_besides()
    {
        var made = await User.RunAsync(Path.Combine(Corpus.Repository, "eng", "publish"), ["--output", _folder, RuntimeInformation.RuntimeIdentifier], Corpus.Repository, [], BuildLimit);
        Assert.True(made.ExitCode == 0, made.ToString());
        var folder = Assert.Single(Directory.GetDirectories(_folder));
        var home = Directory.CreateDirectory(Path.Combine(_folder, "home")).FullName;
        var variables = new Dictionary<string, string?> { ["HOME"] = home, ["NO_COLOR"] = "1", ["PATH"] = home };
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(name => name.StartsWith("DOTNET", StringComparison.Ordinal) || name.StartsWith("GPUX", StringComparison.Ordinal)
            || name.StartsWith("XDG", StringComparison.Ordinal)))
            variables.TryAdd(name, null);

        Assert.StartsWith("fr 0.99", await AnswerAsync("run", "samples/language-id", "Où est la gare ?"), StringComparison.Ordinal); // ONNX Runtime
        Assert.StartsWith("5 0.", await AnswerAsync("run", "samples/digits", Path.Combine(folder, "samples", "inputs", "digit-photo.jpg")), StringComparison.Ordinal); // libvips
        await AnswerAsync("db", "create-schema"); // DuckDB
        Assert.True(File.Exists(Path.Combine(home, ".local", "share", "gpux", "benchmarks.duckdb")));

        async Task<string> AnswerAsync(params string[] arguments)
        {
            var answer = await User.RunAsync(Path.Combine(folder, "gpux"), arguments, home, variables, RunLimit);
            Assert.True(answer.ExitCode == 0, answer.ToString());
            return answer.Output;
        }
    }
}
