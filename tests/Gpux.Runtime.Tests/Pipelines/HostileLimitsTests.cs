using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

/// <summary>Lengths that leave no room, from callers and from configurations: an answer or a typed error, and an end.</summary>
public sealed class HostileLimitsTests
{
    private static readonly string Long = string.Join(' ', Enumerable.Repeat("alice lives in parisian and bob .", 20));

    [Theory]
    [InlineData("""{"max_length": 1}""")]
    [InlineData("""{"max_length": 2}""")]
    [InlineData("""{"max_length": 3}""")]
    [InlineData("""{"max_length": 2147483647}""")]
    public void Length_of_a_text(string arguments)
    {
        using var model = LookupModel.OfTexts(_ => [0, 1], maxLength: 16);
        AnswersOrRefuses(model, "text-classification", new PipelineInput { Text = Long, Pair = Long }, arguments);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(int.MaxValue)]
    public void Stride_of_tokens(int stride)
    {
        using var model = LookupModel.OfTokens(_ => [0, 1], maxLength: 8);
        AnswersOrRefuses(model, "token-classification", PipelineInput.Of(Long), $$"""{"aggregation_strategy": "simple", "stride": {{stride}}}""");
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(6, 5)]
    [InlineData(6, 6)]
    [InlineData(16, 16)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Window_of_a_question(int window, int stride)
    {
        using var model = LookupModel.OfAnswers(_ => 1, _ => 1);
        AnswersOrRefuses(model, "question-answering", new PipelineInput { Question = "who ?", Context = Long }, $$"""{"max_seq_len": {{window}}, "doc_stride": {{stride}}}""");
    }

    [Theory]
    [InlineData("""{"max_position_embeddings": 0}""")]
    [InlineData("""{"max_position_embeddings": -7}""")]
    [InlineData("""{"max_position_embeddings": 1}""")]
    [InlineData("""{"max_position_embeddings": 2}""")]
    [InlineData("""{"max_position_embeddings": 2147483647, "model_type": "roberta", "pad_token_id": -2147483648}""")]
    [InlineData("""{"max_position_embeddings": 3, "model_type": "roberta", "pad_token_id": 2147483647}""")]
    [InlineData("""{"max_position_embeddings": "many", "id2label": {"0": "a", "2147483647": "b", "x": "c"}}""")]
    [InlineData("""{"id2label": {"1": null, "0": {}}}""")]
    public void Configuration(string config)
    {
        using var texts = LookupModel.OfTexts(_ => [0, 1], config, maxLength: 16);
        AnswersOrRefuses(texts, "text-classification", PipelineInput.Of(Long), "{}");
        using var continued = LookupModel.OfNextTokens(_ => new float[LookupModel.Vocabulary.Length], config);
        AnswersOrRefuses(continued, "text-generation", PipelineInput.Of(Long), """{"max_new_tokens": 3}""");
    }

    [Fact]
    public void Configuration_that_is_no_json_is_a_typed_error() =>
        Assert.Throws<PipelineInputException>(() => LookupModel.OfTexts(_ => [0, 1], "{\"id2label\": "));

    private static void AnswersOrRefuses(LookupModel model, string task, PipelineInput input, string arguments)
    {
        try
        {
            Assert.NotEmpty(model.Json(task, input, arguments));
        }
        catch (GpuxException refusal)
        {
            Assert.NotEmpty(refusal.Remedy);
        }
    }
}
