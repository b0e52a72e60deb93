using System.Diagnostics;

namespace Gpux.Tests;

public sealed class ShellWordTests
{
    [Theory]
    [InlineData("bert-base-uncased")]
    [InlineData("org/name@v1.0.0")]
    [InlineData("samples:language-id")]
    [InlineData("a,b+c=d%_")]
    public void Plain_words_stay_as_they_are(string word) => Assert.Equal(word, ShellWord.Of(word));

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("it's")]
    [InlineData("'); DROP TABLE models; --")]
    [InlineData("$(reboot) `id` $HOME ~ * ? [a] \\ \" & | > < # ! \u00e9\n")]
    public async Task A_shell_reads_the_word_that_was_meant(string word)
    {
        using var shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"printf %s_ {ShellWord.Of(word)}"]) { RedirectStandardOutput = true })!; // no document is opened
        Assert.Equal(word + "_", await shell.StandardOutput.ReadToEndAsync());
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }
}
