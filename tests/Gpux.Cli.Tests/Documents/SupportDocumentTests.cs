namespace Gpux.Cli.Tests.Documents;

[Collection(Document.Writers)]
public sealed class SupportDocumentTests
{
    private const string Name = "docs/support.md";

    [Fact]
    public void Support_lists_every_class_and_the_recordings_that_prove_it()
    {
        // The recordings that a clone has are a part of them, of which the document cannot be made.
        if (!Corpus.IsWhole)
        {
            Assert.Contains("bert-seqcls", Document.Load(Name).Text, StringComparison.Ordinal);
            return;
        }
        var text = SupportDocument.Write();
        if (Document.Update)
            File.WriteAllText(Document.PathOf(Name), text);
        else
            Assert.True(Document.Load(Name).Text == text, $"{Name} is not what the catalogs hold: run the tests with GPUX_UPDATE_DOCS=1.");
    }
}
