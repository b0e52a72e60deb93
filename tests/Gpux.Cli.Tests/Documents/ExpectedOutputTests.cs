namespace Gpux.Cli.Tests.Documents;

public sealed class ExpectedOutputTests
{
    [Theory]
    [InlineData("fr 0.99", "fr 0.985", true)]
    [InlineData("fr 0.99", "fr 0.9", false)]
    [InlineData("fr 0.99", "de 0.99", false)]
    [InlineData("written 12.5 kB in 0.031 s", "written 9 kB in 1.2 s", true)]
    [InlineData("written 12.5 kB", "written 12.5 MB", false)]
    [InlineData("7 passed", "8 passed", false)]
    [InlineData("max abs 1.1e-06", "max abs 7.2e-07", true)]
    [InlineData("max abs 1.1e-06 (padded/logits)", "max abs 7.2E-07 (single/logits)", true)]
    [InlineData("commit ac56914ed74d", "commit 272cf03d6960", true)]
    [InlineData("A  B", "A    B", true)]
    [InlineData("█████ 0.9", "██▌ 0.9", true)]
    [InlineData("\"seconds\": 0.1", "\"seconds\": 12", true)]
    [InlineData("one\n...\nlast", "one\ntwo\nthree\nlast", true)]
    [InlineData("one\n...\nlast", "one\nlast", true)]
    [InlineData("one\n...\nlast", "one\ntwo", false)]
    [InlineData("one", "one\ntwo", false)]
    [InlineData("CPU  ...", "CPU AMD", true)]
    [InlineData("CPU  ...", "GPU AMD", false)]
    public void Output_matches_but_for_what_varies(string expected, string actual, bool matches) =>
        Assert.Equal(matches, ExpectedOutput.Matches(expected.Split('\n'), actual.Split('\n')));
}
