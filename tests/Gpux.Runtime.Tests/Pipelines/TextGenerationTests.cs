using System.Text;
using Gpux.Runtime.Generation;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class TextGenerationTests
{
    private const string Task = "text-generation";

    [Fact]
    public void Prompt_is_continued()
    {
        using var model = Storyteller();
        Assert.Equal("""[{"generated_text":"alice lives in parisian and"}]""", model.Json(Task, PipelineInput.Of("alice"), """{"max_new_tokens": 5}"""));
        Assert.Equal("""[{"generated_text":" lives in"}]""", model.Json(Task, PipelineInput.Of("alice"), """{"max_new_tokens": 2, "return_full_text": false}"""));
    }

    [Fact]
    public void Length_in_all_is_honoured()
    {
        using var model = Storyteller();
        var texts = Run(model, """{"max_length": 4}""");
        Assert.Equal((3, StopReason.Length), (texts.TokenCount, texts.StopReason));
    }

    [Fact]
    public void Stream_gives_what_a_run_appends()
    {
        using var model = Storyteller();
        foreach (var arguments in (string[])["""{"max_new_tokens": 9}""", """{"max_new_tokens": 9, "stop_strings": ["and"]}""", """{"max_new_tokens": 1}""",
            """{"max_new_tokens": 12, "do_sample": true, "temperature": 5.0, "seed": 7}"""])
        {
            var pieces = new List<string>();
            var streamed = ((TextGenerationPipeline)PipelineCatalog.Create(Task, model.Model))
                .Stream(PipelineInput.Of("alice"), LookupModel.Arguments(arguments), pieces.Add, CancellationToken.None);
            var run = Run(model, arguments.Insert(1, "\"return_full_text\": false, "));
            Assert.Equal(run.Texts[0], string.Concat(pieces));
            Assert.Equal(run.Texts, streamed.Texts);
            Assert.Equal((run.TokenCount, run.StopReason), (streamed.TokenCount, streamed.StopReason));
        }
    }

    [Fact]
    public void Text_comes_while_it_is_made()
    {
        using var model = Storyteller();
        var seen = new StringBuilder();
        using var stop = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => ((TextGenerationPipeline)PipelineCatalog.Create(Task, model.Model)).Stream(
            PipelineInput.Of("alice"), LookupModel.Arguments("""{"max_new_tokens": 500}"""), piece =>
            {
                seen.Append(piece);
                if (seen.ToString().Contains("paris", StringComparison.Ordinal))
                    stop.Cancel();
            }, stop.Token));
        Assert.StartsWith(" lives in paris", seen.ToString());
    }

    [Fact]
    public void Stop_string_ends_the_text()
    {
        using var model = Storyteller();
        var texts = Run(model, """{"max_new_tokens": 50, "stop_strings": ["paris"]}""");
        Assert.Equal(("alice lives in paris", StopReason.StopString), (texts.Texts[0], texts.StopReason));
    }

    [Fact]
    public void Seed_decides_what_is_drawn()
    {
        using var model = Storyteller();
        var arguments = """{"max_new_tokens": 20, "do_sample": true, "temperature": 9.0, "top_k": 0, "seed": 3}""";
        Assert.Equal(Run(model, arguments).Texts, Run(model, arguments).Texts);
        Assert.NotEqual(Run(model, arguments).Texts, Run(model, arguments.Replace("3}", "4}", StringComparison.Ordinal)).Texts);
    }

    [Fact]
    public void Beams_give_as_many_texts_as_asked_for_and_are_not_streamed()
    {
        using var model = Storyteller();
        var arguments = """{"max_new_tokens": 4, "num_beams": 3, "num_return_sequences": 2}""";
        Assert.Equal(2, Run(model, arguments).Texts.Distinct().Count());
        Assert.Throws<InvalidGenerationConfigException>(() => ((TextGenerationPipeline)PipelineCatalog.Create(Task, model.Model)).Stream(
            PipelineInput.Of("alice"), LookupModel.Arguments(arguments), _ => { }, CancellationToken.None));
    }

    [Fact]
    public void Unknown_setting_is_refused_by_name()
    {
        using var model = Storyteller();
        Assert.Contains("heat", Assert.Throws<InvalidGenerationConfigException>(() => Run(model, """{"heat": 2}""")).Message);
    }

    [Fact]
    public void Prompt_without_a_token_begins_as_all_texts_do_or_is_refused()
    {
        using var begun = Storyteller($$"""{"bos_token_id": {{LookupModel.Id("alice")}}}""");
        Assert.Equal(" lives in", ((GeneratedTexts)begun.Run(Task, PipelineInput.Of(""), """{"max_new_tokens": 2}""")).Texts[0]);
        using var model = Storyteller();
        Assert.Throws<PipelineInputException>(() => model.Run(Task, PipelineInput.Of("")));
    }

    [Fact]
    public void Prompt_that_fills_the_model_is_cut_at_its_beginning_or_refused()
    {
        using var model = Storyteller("""{"max_position_embeddings": 8}""");
        var prompt = PipelineInput.Of(string.Join(' ', Enumerable.Repeat("bob", 10)) + " alice");
        var cut = (GeneratedTexts)model.Run(Task, prompt, """{"max_new_tokens": 2, "return_full_text": false}""");
        Assert.Equal(" lives in", cut.Texts[0]);
        Assert.Contains("4 tokens", Assert.Single(cut.Notes));
        Assert.Throws<InputTooLongException>(() => model.Run(Task, prompt, """{"max_new_tokens": 2}""", strict: true));
    }

    private static GeneratedTexts Run(LookupModel model, string arguments) => (GeneratedTexts)model.Run(Task, PipelineInput.Of("alice"), arguments);

    // alice lives in paris ##ian and bob . alice lives ...
    private static LookupModel Storyteller(string config = "{}")
    {
        string[] story = ["alice", "lives", "in", "paris", "##ian", "and", "bob", "."];
        return LookupModel.OfNextTokens(token =>
        {
            var row = new float[LookupModel.Vocabulary.Length];
            var place = Array.IndexOf(story, token);
            row[LookupModel.Id(story[(place + 1) % story.Length])] = 5;
            return row;
        }, config);
    }
}
