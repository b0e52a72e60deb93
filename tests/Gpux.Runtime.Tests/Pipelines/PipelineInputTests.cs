using System.Text.Json;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class PipelineInputTests
{
    [Fact]
    public void Forms_of_the_original_are_read()
    {
        Assert.Equal("a", Parse("\"a\"").Text);
        Assert.Equal(("a", "b"), (Parse("""{"text": "a", "text_pair": "b"}""").Text, Parse("""{"text": "a", "text_pair": "b"}""").Pair));
        var question = Parse("""{"question": "q", "context": "c"}""");
        Assert.Equal(("q", "c"), (question.Question, question.Context));
        var sentences = Parse("""{"source_sentence": "s", "sentences": ["x", "y"]}""");
        Assert.Equal("s", sentences.Text);
        Assert.Equal(["x", "y"], sentences.Sentences);
        Assert.Equal(["x", "y"], Parse("""["x", "y"]""").Words);
        Assert.Null(Parse("""{"text": "a", "text_pair": null}""").Pair);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("""{"text": 1}""")]
    [InlineData("""{"sentences": "a"}""")]
    [InlineData("""{"sentences": [null]}""")]
    public void Other_forms_are_refused(string json) =>
        Assert.Equal(ErrorCode.PipelineInput, Assert.ThrowsAny<GpuxException>(() => Parse(json)).Code);

    [Theory]
    [InlineData("""[{"role": "user", "content": "Hello"}]""")]
    [InlineData("""{"role": "user", "content": "Hello"}""")]
    public void Chat_is_refused_by_name(string json) => Assert.Contains("chat", Assert.Throws<ChatInputException>(() => Parse(json)).Message);

    [Theory]
    [InlineData("text-classification")]
    [InlineData("token-classification")]
    [InlineData("fill-mask")]
    [InlineData("feature-extraction")]
    [InlineData("text-generation")]
    [InlineData("question-answering")]
    [InlineData("image-classification")]
    [InlineData("image-feature-extraction")]
    public void Task_names_what_it_needs(string task)
    {
        using var model = LookupModel.OfTokens(_ => [0, 1]);
        var missing = Assert.Throws<PipelineInputException>(() => model.Run(task, new PipelineInput()));
        Assert.NotEmpty(missing.Remedy);
    }

    private static PipelineInput Parse(string json) => PipelineInput.Parse(JsonDocument.Parse(json).RootElement);
}
