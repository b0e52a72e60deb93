using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class TokenClassificationTests
{
    private const string Config = """{"id2label": {"0": "O", "1": "B-PER", "2": "I-PER", "3": "B-LOC", "4": "I-LOC"}}""";
    private const string Task = "token-classification";

    // The probability of a logit of 4 beside four zeros.
    private static readonly float Sure = (float)(Math.Exp(4) / (Math.Exp(4) + 4));

    [Fact]
    public void Every_token_is_an_entity_without_aggregation()
    {
        using var model = Tagger(("alice", 1), ("paris", 3), ("##ian", 2));
        var found = Found(model, "alice lives in parisian", "{}");
        Assert.Equal(["B-PER alice 1 0-5", "B-LOC paris 4 15-20", "I-PER ##ian 5 20-23"],
            found.Select(entity => $"{entity.Label} {entity.Word} {entity.Index} {entity.Start}-{entity.End}"));
        Assert.All(found, entity => Assert.Equal(Sure, entity.Score, 1e-6f));
    }

    [Theory]
    [InlineData("simple", "PER alice 0-5; LOC paris 15-20; PER ##ian 20-23")]
    [InlineData("first", "PER alice 0-5; LOC parisian 15-23")]
    [InlineData("max", "PER alice 0-5; LOC parisian 15-23")]
    [InlineData("average", "PER alice 0-5; PER parisian 15-23")] // both are equally likely: the class that comes first
    public void Strategy_decides_who_speaks_for_a_word(string strategy, string expected)
    {
        using var model = Tagger(("alice", 1), ("paris", 3), ("##ian", 2));
        Assert.Equal(expected, Text(Found(model, "alice lives in parisian", Strategy(strategy))));
    }

    [Fact]
    public void Surest_token_speaks_for_a_word_by_max_and_the_mean_by_average()
    {
        using var model = LookupModel.OfTokens(token => token switch
        {
            "paris" => [0, 0, 0, 3, 0], "##ian" => [0, 5, 0, 0, 0], _ => [9, 0, 0, 0, 0],
        }, Config);
        var max = Assert.Single(Found(model, "parisian", Strategy("max")));
        Assert.Equal(("PER", Softmax(5, 4)), (max.Label, max.Score));
        var average = Assert.Single(Found(model, "parisian", Strategy("average")));
        Assert.Equal("PER", average.Label);
        Assert.Equal((Softmax(5, 4) + 1 / (float)(Math.Exp(3) + 4)) / 2, average.Score, 1e-6f);
        Assert.Equal("LOC", Assert.Single(Found(model, "parisian", Strategy("first"))).Label);
    }

    [Fact]
    public void B_begins_an_entity_and_I_continues_one()
    {
        using var model = Tagger(("alice", 1), ("bob", 1), ("and", 2), ("paris", 4));
        Assert.Equal("PER alice 0-5; PER bob and 6-13; LOC paris 14-19", Text(Found(model, "alice bob and paris", Strategy("simple"))));
    }

    [Fact]
    public void Labels_without_prefix_continue()
    {
        using var model = Tagger("""{"id2label": {"0": "O", "1": "PER", "2": "LOC"}}""", 3, ("alice", 1), ("bob", 1), ("paris", 2));
        Assert.Equal("PER alice bob 0-9; LOC paris 10-15", Text(Found(model, "alice bob paris", Strategy("simple"))));
    }

    [Fact]
    public void Ignored_labels_are_left_out_and_an_empty_list_ignores_none()
    {
        using var model = Tagger(("alice", 1));
        Assert.Empty(Found(model, "alice", """{"ignore_labels": ["O", "B-PER"]}"""));
        Assert.Equal(["B-PER", "O"], Found(model, "alice in", """{"ignore_labels": []}""").Select(entity => entity.Label));
    }

    [Fact]
    public void Unknown_word_keeps_its_text()
    {
        using var model = Tagger(("[UNK]", 3));
        Assert.Equal("LOC Zürich 3-9", Text(Found(model, "in Zürich", Strategy("simple"))));
    }

    [Fact]
    public void Places_count_code_points()
    {
        using var model = Tagger(("paris", 3));
        Assert.Equal("LOC paris 2-7", Text(Found(model, "😀 paris", Strategy("simple"))));
    }

    [Fact]
    public void Stride_reads_the_whole_of_a_long_text()
    {
        using var model = LookupModel.OfTokens(token => Row(5, token switch { "alice" => 1, "paris" => 3, _ => 0 }), Config, maxLength: 8);
        var text = "in and in and in and alice in and in and in paris";
        Assert.Equal("PER alice 21-26; LOC paris 44-49", Text(Found(model, text, """{"aggregation_strategy": "simple", "stride": 2}""")));
        var cut = Assert.IsType<Entities>(model.Run(Task, PipelineInput.Of(text), Strategy("simple")));
        Assert.Empty(cut.Found);
        Assert.Contains("8 tokens", Assert.Single(cut.Notes));
        // No strategy is another thing than none: then the tokens of all pieces are told, those that lie in two of them once.
        Assert.Equal(["B-PER alice 21-26", "B-LOC paris 44-49"],
            Found(model, text, """{"stride": 2}""").Select(entity => $"{entity.Label} {entity.Word} {entity.Start}-{entity.End}"));
        Assert.Equal(8, Assert.Throws<InputTooLongException>(() => model.Run(Task, PipelineInput.Of(text), "{}", strict: true)).Limit);
    }

    [Theory]
    [InlineData("""{"stride": 2, "aggregation_strategy": "none"}""", "stride")]
    [InlineData("""{"aggregation_strategy": "most"}""", "aggregation_strategy")]
    public void Arguments_that_contradict_are_refused(string arguments, string name)
    {
        using var model = Tagger(("alice", 1));
        Assert.Equal(name, Assert.Throws<PipelineArgumentException>(() => model.Run(Task, PipelineInput.Of("alice"), arguments)).Argument);
    }

    [Fact]
    public void Of_overlapping_entities_the_longer_stays_and_of_equals_the_surer()
    {
        Entity[] entities = [new("A", 0.5f, null, "x", 0, 4), new("B", 0.9f, null, "y", 2, 9), new("C", 0.2f, null, "z", 9, 12), new("D", 0.6f, null, "z", 9, 12)];
        Assert.Equal(["B", "D"], EntityAggregator.MergeOverlapping(entities).Select(entity => entity.Label));
        Assert.Empty(EntityAggregator.MergeOverlapping([]));
    }

    [Fact]
    public void Words_have_their_places_in_the_joined_text()
    {
        using var model = Tagger(("alice", 1), ("paris", 3), ("##ian", 4));
        var input = new PipelineInput { Words = ["alice", "in", "parisian"] };
        Assert.Equal("PER alice 0-5; LOC parisian 9-17",
            Text(((Entities)model.Run(Task, input, """{"aggregation_strategy": "simple", "is_split_into_words": true}""")).Found));
        Assert.Equal("PER alice 0-5; LOC parisian 11-19",
            Text(((Entities)model.Run(Task, input, """{"aggregation_strategy": "simple", "is_split_into_words": true, "delimiter": "--"}""")).Found));
    }

    [Fact]
    public void Words_that_are_announced_must_come_as_a_list()
    {
        using var model = Tagger(("alice", 1));
        Assert.Throws<PipelineInputException>(() => model.Run(Task, PipelineInput.Of("alice"), """{"is_split_into_words": true}"""));
    }

    [Fact]
    public void Empty_text_has_no_entities() => Assert.Equal("[]", Tagger(("alice", 1)).Json(Task, PipelineInput.Of("")));

    [Fact]
    public void Text_without_a_token_is_refused()
    {
        using var model = LookupModel.OfTokens(_ => [0, 1], specialTokens: false);
        Assert.Throws<PipelineInputException>(() => model.Run(Task, PipelineInput.Of("")));
    }

    [Fact]
    public void Json_has_the_keys_of_the_original_in_their_order()
    {
        using var model = LookupModel.OfTokens(token => token == "alice" ? [0, 0] : [100, 0], """{"id2label": {"0": "O", "1": "PER"}}""");
        Assert.Equal("""[{"entity":"O","score":0.5,"index":1,"word":"alice","start":0,"end":5}]""",
            model.Json(Task, PipelineInput.Of("alice"), """{"ignore_labels": []}"""));
        Assert.Equal("""[{"entity_group":"O","score":0.5,"word":"alice","start":0,"end":5}]""",
            model.Json(Task, PipelineInput.Of("alice"), """{"ignore_labels": [], "aggregation_strategy": "simple"}"""));
    }

    private static string Strategy(string name) => $$"""{"aggregation_strategy": "{{name}}"}""";

    private static IReadOnlyList<Entity> Found(LookupModel model, string text, string arguments) =>
        ((Entities)model.Run(Task, PipelineInput.Of(text), arguments)).Found;

    private static string Text(IEnumerable<Entity> entities) => string.Join("; ", entities.Select(entity => $"{entity.Label} {entity.Word} {entity.Start}-{entity.End}"));

    private static LookupModel Tagger(params (string Token, int Class)[] classes) => Tagger(Config, 5, classes);

    private static LookupModel Tagger(string config, int count, params (string Token, int Class)[] classes) => LookupModel.OfTokens(
        token => Row(count, classes.FirstOrDefault(entry => entry.Token == token).Class), config);

    private static float[] Row(int count, int best)
    {
        var row = new float[count];
        row[best] = 4;
        return row;
    }

    private static float Softmax(double logit, int zeros) => (float)(Math.Exp(logit) / (Math.Exp(logit) + zeros));
}
