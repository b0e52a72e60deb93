using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class SentencePipelinesTests
{
    private const string Task = "sentence-similarity";

    [Theory]
    [InlineData("cosine", 0.6f)]
    [InlineData("dot", 3f)]
    [InlineData("dot_product", 3f)]
    [InlineData("euclidean", -4.472136f)]
    [InlineData("manhattan", -6f)]
    public void Measure_is_that_of_the_repository(string measure, float expected)
    {
        using var model = Embedder(settings: $$"""{"similarity_fn_name": "{{measure}}"}""");
        var similarities = (Similarities)model.Run(Task, new PipelineInput { Text = "alice", Sentences = ["bob", "alice"] });
        Assert.Equal(expected, similarities.Values[0], 1e-6f);
        Assert.Equal(measure is "euclidean" or "manhattan" ? 0 : 1, similarities.Values[1], 1e-6f);
    }

    [Fact]
    public void One_text_is_embedded()
    {
        using var model = Embedder();
        Assert.Equal("[3,4]", model.Json(Task, PipelineInput.Of("bob")));
    }

    [Fact]
    public void Prompt_goes_before_the_text()
    {
        using var model = Embedder(settings: """{"prompts": {"query": "bob ", "none": ""}, "default_prompt_name": null}""");
        Assert.Equal("[4,4]", model.Json(Task, PipelineInput.Of("alice"), """{"prompt_name": "query"}"""));
        Assert.Equal("[4,4]", model.Json(Task, PipelineInput.Of("alice"), """{"prompt": "bob "}"""));
        Assert.Equal("[1,0]", model.Json(Task, PipelineInput.Of("alice"), """{"prompt_name": "none"}"""));
        Assert.Equal("[1,0]", model.Json(Task, PipelineInput.Of("alice")));
        Assert.Contains("query", Assert.Throws<PipelineArgumentException>(() => model.Run(Task, PipelineInput.Of("alice"), """{"prompt_name": "passage"}""")).Remedy);
        using var standing = Embedder(settings: """{"prompts": {"query": "bob "}, "default_prompt_name": "query"}""");
        Assert.Equal("[4,4]", standing.Json(Task, PipelineInput.Of("alice")));
    }

    [Fact]
    public void Text_is_lower_cased_as_the_repository_says()
    {
        using var model = Embedder(transformer: """{"max_seq_length": 4, "do_lower_case": true}""");
        Assert.Equal("[4,4]", model.Json(Task, PipelineInput.Of("ALICE Bob")));
        using var cased = Embedder(transformer: """{"do_lower_case": false}""");
        Assert.Equal("[0,0]", cased.Json(Task, PipelineInput.Of("ALICE Bob")));
    }

    [Fact]
    public void Length_is_that_of_sentence_bert_config()
    {
        using var model = Embedder(transformer: """{"max_seq_length": 3}""");
        var cut = model.Run(Task, PipelineInput.Of("alice bob"));
        Assert.Equal("[1,0]", LookupModel.Written(cut));
        Assert.Contains("3 tokens", Assert.Single(cut.Notes));
    }

    [Fact]
    public void Length_beyond_the_positions_is_not_believed()
    {
        using var model = Embedder(transformer: """{"max_seq_length": 512}""", config: """{"max_position_embeddings": 3}""");
        Assert.Equal("[1,0]", model.Json(Task, PipelineInput.Of("alice bob")));
    }

    [Theory]
    [InlineData("""{"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}""", 2f)]
    [InlineData("""{"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}}""", 0.880797f)]
    [InlineData("""{"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}""", 2f)]
    [InlineData("{}", 0.880797f)]
    public void Ranking_applies_the_activation_of_the_cross_encoder(string config, float expected)
    {
        using var model = LookupModel.OfTexts(token => [token == "bob" ? 2 : 0], config);
        var score = (Features)model.Run("text-ranking", new PipelineInput { Text = "alice", Pair = "bob" });
        Assert.Equal(0, score.Values.Shape.Rank);
        Assert.Equal(expected, score.Values.AsSpan<float>()[0], 1e-6f);
        var ranked = (Features)model.Run("text-ranking", new PipelineInput { Text = "alice", Sentences = ["in", "bob"] });
        Assert.Equal(expected, ranked.Values.AsSpan<float>()[1], 1e-6f);
        Assert.Equal(2, ranked.Values.Shape.ElementCount);
    }

    [Theory]
    [InlineData("torch.nn.modules.linear.Identity", 2f)]
    [InlineData("torch.nn.modules.activation.Tanh", 0.9640276f)]
    [InlineData("mine.Activation", 0.880797f)] // code of others: as if nothing were stated
    public void Ranking_of_version_6_applies_what_the_librarys_own_file_states(string activation, float expected)
    {
        using var model = LookupModel.OfTexts(token => [token == "bob" ? 2 : 0],
            files: [("config_sentence_transformers.json", $$"""{"model_type": "CrossEncoder", "activation_fn": "{{activation}}"}""")]);
        var score = (Features)model.Run("text-ranking", new PipelineInput { Text = "alice", Pair = "bob" });
        Assert.Equal(expected, score.Values.AsSpan<float>()[0], 1e-6f);
    }

    [Fact]
    public void Ranking_of_several_labels_gives_them_all_as_they_are()
    {
        using var model = LookupModel.OfTexts(token => token == "bob" ? [1, -2, 3] : [0, 0, 0]);
        Assert.Equal("[1,-2,3]", model.Json("text-ranking", new PipelineInput { Text = "alice", Pair = "bob" }));
    }

    [Fact]
    public void Ranking_needs_a_pair_and_an_activation_that_is_known()
    {
        using var model = LookupModel.OfTexts(_ => [0], """{"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Hardshrink"}}""");
        Assert.Throws<PipelineInputException>(() => model.Run("text-ranking", PipelineInput.Of("alice")));
        Assert.Contains("Hardshrink", Assert.Throws<UnsupportedActivationException>(
            () => model.Run("text-ranking", new PipelineInput { Text = "alice", Pair = "bob" })).Message);
    }

    private static LookupModel Embedder(string settings = "{}", string transformer = "{}", string config = "{}") => LookupModel.OfTexts(
        token => token switch { "alice" => [1, 0], "bob" => [3, 4], _ => [0, 0] }, config, "sentence_embedding",
        files: [("config_sentence_transformers.json", settings), ("sentence_bert_config.json", transformer)]);
}
