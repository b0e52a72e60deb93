using System.Globalization;
using Gpux.Benchmarks.Measurement;

namespace Gpux.Benchmarks.Tests.Measurement;

/// <summary>Programs that do not do what a launch should.</summary>
public sealed class LaunchProgramTests : IDisposable
{
    private static readonly LaunchRequest Request = new() { Model = "fake" };
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-launch-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_crash_is_told_with_its_last_words()
    {
        var failure = await Assert.ThrowsAsync<LaunchFailedException>(() => RunAsync("read line; echo started >&2; echo 'out of luck' >&2; exit 3"));
        Assert.Contains("exit code 3: out of luck", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<LaunchFailedException>(() => RunAsync("exit 139"));
        Assert.Contains("139 and said nothing", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_typed_error_is_passed_on()
    {
        var failure = await Assert.ThrowsAsync<LaunchFailedException>(() => RunAsync(
            """echo '{"error": {"code": "GPUX6046", "name": "UnfitWorkload", "problem": "Too long.", "remedy": "Ask for less."}}' >&2; exit 1"""));
        Assert.Equal(("GPUX6046: Too long.", "Ask for less."), (failure.Message, failure.Remedy));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"task\": 1}")]
    [InlineData("not json")]
    public async Task Nonsense_is_refused(string answer)
    {
        var failure = await Assert.ThrowsAsync<LaunchFailedException>(() => RunAsync($"printf '%s' '{answer}'"));
        Assert.Contains("cannot be read", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hang_is_ended_with_all_its_children()
    {
        var failure = await Assert.ThrowsAsync<LaunchFailedException>(() => RunAsync(Hanging, limit: TimeSpan.FromSeconds(1)));
        Assert.Contains("did not end within 1 s", failure.Message, StringComparison.Ordinal);
        AssertNobodyIsLeft();
    }

    [Fact]
    public async Task Cancelling_leaves_nobody()
    {
        using var cancelled = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(Hanging, cancellationToken: cancelled.Token));
        AssertNobodyIsLeft();
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_a_typed_error() =>
        await Assert.ThrowsAsync<LaunchFailedException>(() => new LaunchProgram(Path.Combine(_folder, "nothing"), []).RunAsync(Request, TimeSpan.FromSeconds(5), CancellationToken.None));

    private string Hanging => $"sleep 1000 & echo $$ > {_folder}/parent; echo $! > {_folder}/child; wait";

    private void AssertNobodyIsLeft()
    {
        foreach (var name in (ReadOnlySpan<string>)["parent", "child"])
        {
            var id = int.Parse(File.ReadAllText(Path.Combine(_folder, name)), CultureInfo.InvariantCulture);
            // A child whose parent is gone is buried by the system, some time.
            var state = File.Exists($"/proc/{id}/stat") ? File.ReadAllText($"/proc/{id}/stat").Split(' ')[2] : "gone";
            Assert.Contains(state, (string[])["gone", "Z", "X"]);
        }
    }

    private static Task<LaunchReport> RunAsync(string script, TimeSpan? limit = null, CancellationToken cancellationToken = default) =>
        new LaunchProgram("/bin/sh", ["-c", script]).RunAsync(Request, limit ?? TimeSpan.FromSeconds(30), cancellationToken);
}
