using System.Text.Json;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class PipelineArgumentsTests
{
    [Fact]
    public void Unknown_name_is_refused_with_the_names_that_the_task_has()
    {
        using var model = LookupModel.OfTexts(_ => [1, 2]);
        var refusal = Assert.Throws<PipelineArgumentException>(() => model.Run("text-classification", PipelineInput.Of("alice"), """{"topk": 2}"""));
        Assert.Equal(ErrorCode.PipelineArgument, refusal.Code);
        Assert.Equal("topk", refusal.Argument);
        Assert.Contains("top_k", refusal.Remedy);
        Assert.Contains("function_to_apply", refusal.Remedy);
    }

    [Theory]
    [InlineData("""{"top_k": "many"}""")]
    [InlineData("""{"top_k": 0}""")]
    [InlineData("""{"top_k": 1.5}""")]
    [InlineData("""{"top_k": 99999999999}""")]
    [InlineData("""{"function_to_apply": 1}""")]
    [InlineData("""{"function_to_apply": "cube"}""")]
    [InlineData("""{"max_length": "long"}""")]
    [InlineData("""{"truncation": [true]}""")]
    public void Value_of_a_wrong_type_or_range_is_refused_by_name(string arguments)
    {
        using var model = LookupModel.OfTexts(_ => [1, 2]);
        var refusal = Assert.Throws<PipelineArgumentException>(() => model.Run("text-classification", PipelineInput.Of("alice"), arguments));
        Assert.Contains($"\"{refusal.Argument}\"", arguments);
        Assert.Contains(refusal.Argument, refusal.Message);
    }

    [Fact]
    public void Text_from_the_command_line_is_json_or_else_itself()
    {
        var arguments = new PipelineArguments();
        arguments.Set("top_k", "3");
        arguments.Set("function_to_apply", "sigmoid");
        arguments.Set("targets", """["a", "b"]""");
        arguments.Set("max_length", "null");
        Assert.Equal(3, arguments.Int("top_k", least: 1));
        Assert.Equal("sigmoid", arguments.Text("function_to_apply"));
        Assert.Equal(["a", "b"], arguments.Texts("targets"));
        Assert.True(arguments.IsNull("max_length"));
        Assert.Null(arguments.Int("max_length", least: 1));
    }

    [Fact]
    public void Arguments_outlive_the_document_that_they_were_read_from()
    {
        PipelineArguments arguments;
        using (var document = JsonDocument.Parse("""{"top_k": 3}"""))
            arguments = PipelineArguments.Parse(document.RootElement);
        Assert.Equal(3, arguments.Int("top_k", least: 1));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("\"top_k\"")]
    [InlineData("3")]
    public void What_is_no_object_is_refused(string json) =>
        Assert.Throws<PipelineArgumentException>(() => PipelineArguments.Parse(JsonDocument.Parse(json).RootElement));

    [Fact]
    public void Null_and_nothing_are_no_arguments()
    {
        Assert.Empty(PipelineArguments.Parse(JsonDocument.Parse("null").RootElement).Names);
        Assert.Empty(PipelineArguments.Parse(default).Names);
    }
}
