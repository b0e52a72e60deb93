namespace Gpux.Cli.Tests.EndToEnd;

[Trait("Category", "Slow")]
public sealed class EmbeddingsStoreTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task Embeddings_of_files_are_counted_and_go_with_their_model()
    {
        var model = _user.Copy("models", "sentence-bert-mean-normalize");
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "texts.txt"), "one text\nanother text\n");
        Assert.Equal(0, (await _user.RunAsync("similar", model, "a text", "--in", "texts.txt")).ExitCode);
        var usage = (await _user.RunAsync("df", "--json")).Json;
        Assert.Equal(1, usage.GetProperty("embeddings").GetProperty("files").GetInt32());
        Assert.InRange(usage.GetProperty("embeddings").GetProperty("bytes").GetInt64(), 1, usage.GetProperty("bytes").GetInt64() - 1);
        Assert.Contains("embeddings of files", (await _user.RunAsync("df")).Output, StringComparison.Ordinal);
        Assert.Contains("Nothing to free", (await _user.RunAsync("prune")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await _user.RunAsync("remove", model)).ExitCode);
        var freed = (await _user.RunAsync("prune", "--json")).Json.GetProperty("items");
        Assert.Equal("embeddings", freed[0].GetProperty("kind").GetString());
        Assert.Equal(0, (await _user.RunAsync("df", "--json")).Json.GetProperty("embeddings").GetProperty("files").GetInt32());
    }

    [Fact]
    public async Task A_class_that_is_named_is_run()
    {
        var answer = await _user.RunAsync("run", "samples/language-id", "Hello there", "--class", "BertModel", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal(96, answer.Json[0][0].GetArrayLength()); // a vector for each token
    }
}
