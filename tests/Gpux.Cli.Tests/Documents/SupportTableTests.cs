namespace Gpux.Cli.Tests.Documents;

[Collection(Document.Writers)]
public sealed class SupportTableTests
{
    [Fact]
    public void Readme_shows_what_the_catalogs_hold()
    {
        var readme = Document.Load("README.md");
        var begin = readme.Text.IndexOf(SupportTable.Begin, StringComparison.Ordinal) + SupportTable.Begin.Length;
        var end = readme.Text.IndexOf(SupportTable.End, StringComparison.Ordinal);
        Assert.True(end > begin, $"README.md lacks {SupportTable.Begin} and {SupportTable.End}.");
        var table = $"\n{SupportTable.Write()}";
        if (Document.Update)
            File.WriteAllText(readme.Path, readme.Text[..begin] + table + readme.Text[end..]);
        else
            Assert.True(readme.Text[begin..end] == table, "The table of README.md is not what the catalogs hold: run the tests with GPUX_UPDATE_DOCS=1.");
    }
}
