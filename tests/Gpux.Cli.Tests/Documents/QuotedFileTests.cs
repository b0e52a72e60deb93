namespace Gpux.Cli.Tests.Documents;

/// <summary>Source that documents quote whole is the source as it is.</summary>
public sealed class QuotedFileTests
{
    [Theory]
    [InlineData("CONTRIBUTING.md", "src/Gpux.Conversion/Architectures/Text/Gte.cs")]
    [InlineData("docs/guides/hardware-scores.md", "tests/Gpux.Benchmarks.Tests/Examples/ScoresExample.cs")]
    [InlineData("docs/guides/model-versions.md", "tests/Gpux.Benchmarks.Tests/Examples/VersionsExample.cs")]
    public void A_quoted_file_is_that_file(string document, string file)
    {
        var (page, source) = (Document.Load(document), Document.Load(file));
        Assert.Contains($"`{file}`", page.Text, StringComparison.Ordinal);
        Assert.True(page.Blocks().Any(block => block.Language == "csharp" && string.Join('\n', block.Lines) + "\n" == source.Text),
            $"{document} no longer quotes {file} as it is: copy the file into its block again.");
    }
}
