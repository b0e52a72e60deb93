using System.Text.Json;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class WordBoxTests
{
    [Fact]
    public void Pairs_of_words_and_boxes_are_read() => Assert.Equal([new WordBox("Total", 10, 900, 80, 920), new WordBox("5", 0, 0, 1000, 1000)],
        Parse("""[["Total", [10, 900, 80, 920]], ["5", [0, 0, 1000, 1000]]]"""));

    [Theory]
    [InlineData("{}"), InlineData("[1]"), InlineData("""[["Total"]]"""), InlineData("""[["Total", [1, 2, 3]]]"""), InlineData("""[[7, [1, 2, 3, 4]]]""")]
    [InlineData("""[["Total", [1, 2, 3, 1001]]]"""), InlineData("""[["Total", [-1, 2, 3, 4]]]"""), InlineData("""[["Total", [0.5, 2, 3, 4]]]""")]
    public void Other_forms_are_refused(string json) => Assert.Throws<PipelineInputException>(() => Parse(json));

    private static IReadOnlyList<WordBox> Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return WordBox.ParseAll(document.RootElement);
    }
}
