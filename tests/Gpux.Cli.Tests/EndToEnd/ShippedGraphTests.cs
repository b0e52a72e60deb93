namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Models that nothing builds, of which the repository holds an ONNX file.</summary>
[Trait("Category", "Slow")]
public sealed class ShippedGraphTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Theory]
    [InlineData("onnx")]
    [InlineData("")]
    public async Task The_repositorys_own_graph_runs(string folder)
    {
        var made = Path.Combine(_user.Folder, "made");
        var converted = await _user.RunAsync("convert", "samples/language-id", "-o", made, "--self-contained");
        Assert.True(converted.ExitCode == 0, converted.ToString());
        var repository = Directory.CreateDirectory(Path.Combine(_user.Folder, "repository", folder)).FullName;
        foreach (var file in Directory.EnumerateFiles(made))
            File.Move(file, Path.Combine(Path.GetFileName(file).Contains(".onnx", StringComparison.Ordinal) ? repository : Path.Combine(_user.Folder, "repository"), Path.GetFileName(file)));
        var config = Path.Combine(_user.Folder, "repository", "config.json");
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("\"model_type\": \"bert\"", "\"model_type\": \"unheard-of\"", StringComparison.Ordinal));

        var info = await _user.RunAsync("info", "./repository", "--json");
        Assert.True(info.Json.GetProperty("runs").GetBoolean(), info.ToString());
        for (var time = 0; time < 2; time++)
        {
            var answer = await _user.RunAsync("run", "./repository", "Où est la gare ?");
            Assert.True(answer.ExitCode == 0, answer.ToString());
            Assert.StartsWith("fr 0.9", answer.Output, StringComparison.Ordinal);
        }
    }
}
