using System.Text.Json;
using Gpux.Cli.Commands;
using Gpux.Cli.Terminals;

namespace Gpux.Cli.Tests.Commands;

public sealed class FileBatchTests : IDisposable
{
    private readonly StringWriter _error = new();

    public void Dispose() => _error.Dispose();

    [Fact]
    public async Task What_is_wrong_with_one_file_keeps_it_from_none_of_the_others()
    {
        var batch = await RunAsync("a", "bad", "c");
        Assert.Equal(["A", null, "C"], batch.Results.Select(result => result.Value));
        Assert.Equal(ExitCode.Failed, batch.Finish(Terminal(), "without an answer"));
        Assert.Equal($"error GPUX{(int)ErrorCode.Usage}: bad: no letter\n  Write one.\n3 files, 1 without an answer\n", _error.ToString());
    }

    [Fact]
    public async Task Nothing_is_said_of_files_that_are_all_read()
    {
        Assert.Equal(ExitCode.Done, (await RunAsync("a", "b")).Finish(Terminal(), "without an answer"));
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task Many_failures_are_counted_and_the_first_are_shown()
    {
        var batch = await RunAsync([.. Enumerable.Range(0, 30).Select(i => $"bad {i}")]);
        batch.Finish(Terminal(), "without an answer");
        Assert.Contains("bad 19:", _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("bad 20:", _error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("30 files, 30 without an answer\n", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, """[{"file":"a","answer":"A"},{"file":"bad","error":{"code":"GPUX5001","name":"Usage","problem":"no letter","remedy":"Write one."}}]""")]
    [InlineData(false, """["A",{"file":"bad","error":{"code":"GPUX5001","name":"Usage","problem":"no letter","remedy":"Write one."}}]""")]
    public async Task Json_has_the_answer_or_the_error_of_each(bool names, string expected)
    {
        var batch = await RunAsync("a", "bad");
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            if (names)
                batch.Write(json, value => json.WriteString("answer", value));
            else
                batch.WriteItems(json, json.WriteStringValue);
        }
        Assert.Equal(expected, System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public async Task What_is_no_error_of_a_file_ends_the_batch() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => FileBatch.RunAsync<string>(["a", "b"], (_, _) => throw new InvalidOperationException(), CancellationToken.None));

    [Fact]
    public async Task A_batch_that_is_cancelled_ends_so()
    {
        using var cancelled = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => FileBatch.RunAsync<string>(["a", "b"], (_, token) =>
        {
            cancelled.Cancel();
            token.ThrowIfCancellationRequested();
            return "";
        }, cancelled.Token, atOnce: 1));
    }

    private static Task<FileBatch<string>> RunAsync(params string[] files) => FileBatch.RunAsync(files,
        (path, _) => path.StartsWith("bad", StringComparison.Ordinal) ? throw new UsageException("no letter", "Write one.") : path.ToUpperInvariant(), CancellationToken.None);

    private Terminal Terminal() => new(TextWriter.Null, _error, colours: false, interactive: false);
}
