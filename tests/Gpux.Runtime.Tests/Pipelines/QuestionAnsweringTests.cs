using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class QuestionAnsweringTests
{
    private const string Task = "question-answering";
    private static readonly PipelineInput WhereIsAlice = Question("who ?", "alice lives in parisian and bob .");

    [Fact]
    public void Answer_is_the_likeliest_span()
    {
        using var model = Model("lives", "in");
        var answer = Assert.Single(Answers(model, WhereIsAlice, "{}"));
        Assert.Equal(("lives in", 6, 14), (answer.Text, answer.Start, answer.End));
    }

    [Fact]
    public void Tokens_of_the_question_are_no_answer()
    {
        using var model = Model("who", "?");
        Assert.DoesNotContain("who", Assert.Single(Answers(model, WhereIsAlice, "{}")).Text);
    }

    [Fact]
    public void Answer_is_not_longer_than_allowed()
    {
        using var model = Model("alice", "bob");
        Assert.Equal("alice lives in parisian and bob", Assert.Single(Answers(model, WhereIsAlice, "{}")).Text);
        Assert.DoesNotContain("alice lives", Assert.Single(Answers(model, WhereIsAlice, """{"max_answer_len": 2}""")).Text);
    }

    [Fact]
    public void Greatest_length_is_no_limit()
    {
        using var model = Model("alice", "bob");
        Assert.Equal("alice lives in parisian and bob", Assert.Single(Answers(model, WhereIsAlice, """{"max_answer_len": 2147483647}""")).Text);
    }

    [Fact]
    public void Answer_covers_whole_words_unless_told_otherwise()
    {
        using var model = Model("##ian", "##ian");
        Assert.Equal("parisian", Assert.Single(Answers(model, WhereIsAlice, "{}")).Text);
        var bare = Assert.Single(Answers(model, WhereIsAlice, """{"align_to_words": false}"""));
        Assert.Equal(("ian", 20, 23), (bare.Text, bare.Start, bare.End));
    }

    [Fact]
    public void Candidates_come_with_the_best_first_and_are_all_there()
    {
        using var model = LookupModel.OfAnswers(token => token.Length, token => -token.Length / 3f);
        var all = Answers(model, WhereIsAlice, """{"top_k": 100000}""");
        // 8 tokens have 36 spans. The original adds the 9 that begin with [CLS], which have no probability and come last.
        Assert.Equal(45, all.Count);
        Assert.All(all.Skip(36), answer => Assert.Equal(0, answer.Score));
        Assert.Equal(all.OrderByDescending(answer => answer.Score).Select(answer => answer.Score), all.Select(answer => answer.Score));
        foreach (var count in (int[])[1, 2, 5])
            Assert.Equal(all.Take(count), Answers(model, WhereIsAlice, $$"""{"top_k": {{count}}}"""));
    }

    [Fact]
    public void No_answer_can_be_the_answer()
    {
        using var model = Model("[CLS]", "[CLS]");
        var none = Assert.Single(Answers(model, WhereIsAlice, """{"handle_impossible_answer": true}"""));
        Assert.Equal(("", 0, 0), (none.Text, none.Start, none.End));
        Assert.True(none.Score > 0.9f);
        Assert.NotEqual("", Assert.Single(Answers(model, WhereIsAlice, "{}")).Text);
    }

    [Fact]
    public void Long_context_is_read_in_windows()
    {
        using var model = Model("bob", "bob");
        var context = string.Join(' ', Enumerable.Repeat("alice in paris", 60)) + " bob .";
        var answer = Assert.Single(Answers(model, Question("who ?", context), """{"max_seq_len": 20, "doc_stride": 4}"""));
        Assert.Equal(("bob", context.IndexOf("bob", StringComparison.Ordinal)), (answer.Text, answer.Start));
    }

    [Theory]
    [InlineData("", "alice")]
    [InlineData("who ?", "")]
    [InlineData(null, "alice")]
    public void Question_and_context_are_needed(string? question, string? context)
    {
        using var model = Model("alice", "alice");
        Assert.Throws<PipelineInputException>(() => model.Run(Task, new PipelineInput { Question = question, Context = context }));
    }

    [Theory]
    [InlineData("""{"max_seq_len": 10, "doc_stride": 11}""")]
    [InlineData("""{"top_k": 0}""")]
    [InlineData("""{"max_answer_len": 0}""")]
    [InlineData("""{"max_question_len": "short"}""")]
    [InlineData("""{"padding": 3}""")]
    public void Arguments_out_of_range_are_refused(string arguments)
    {
        using var model = Model("alice", "alice");
        Assert.Throws<PipelineArgumentException>(() => model.Run(Task, WhereIsAlice, arguments));
    }

    [Fact]
    public void Window_that_the_question_fills_is_a_typed_error()
    {
        using var model = Model("alice", "alice");
        Assert.ThrowsAny<GpuxException>(() => model.Run(Task, Question(string.Join(' ', Enumerable.Repeat("who ?", 40)), "alice"), """{"max_seq_len": 16}"""));
    }

    [Theory]
    [InlineData("lives", "in", "lives in", 6)]
    [InlineData("##ian", "##ian", "parisian", 15)]
    [InlineData("who", "?", "alice lives", 0)] // the first two words of the question stand for those of the context
    public void Context_comes_first_where_padding_does(string start, string end, string expected, int place)
    {
        using var model = LookupModel.OfAnswers(token => token == start ? 9 : 0, token => token == end ? 9 : 0, paddingSide: "left");
        var answer = Assert.Single(Answers(model, WhereIsAlice, "{}"));
        Assert.Equal((expected, place), (answer.Text, answer.Start));
    }

    [Fact]
    public void Json_is_an_object_for_one_answer_and_a_list_for_several()
    {
        Assert.Equal("""{"score":0.5,"start":1,"end":3,"answer":"ab"}""", LookupModel.Written(new Answers([new Answer(0.5f, 1, 3, "ab")])));
        Assert.Equal("[]", LookupModel.Written(new Answers([])));
        Assert.StartsWith("[{", LookupModel.Written(new Answers([new Answer(0.5f, 1, 3, "ab"), new Answer(0.25f, 1, 2, "a")])));
    }

    private static IReadOnlyList<Answer> Answers(LookupModel model, PipelineInput input, string arguments) => ((Answers)model.Run(Task, input, arguments)).Candidates;

    private static PipelineInput Question(string question, string context) => new() { Question = question, Context = context };

    private static LookupModel Model(string start, string end) => LookupModel.OfAnswers(token => token == start ? 9 : 0, token => token == end ? 9 : 0);
}
