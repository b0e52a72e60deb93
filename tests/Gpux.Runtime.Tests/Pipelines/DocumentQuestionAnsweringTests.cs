using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class DocumentQuestionAnsweringTests
{
    private const string Task = "document-question-answering";

    private static readonly PipelineInput Page = new()
    {
        Image = Image.FromPixels(1, 1, [0, 0, 0]),
        Question = "who ?",
        WordBoxes = [.. "alice lives in parisian and bob".Split(' ').Select((word, i) => new WordBox(word, 10 * i, 0, 10 * i + 9, 20))],
    };

    [Fact]
    public void Answer_is_the_likeliest_run_of_words()
    {
        using var model = Model("in", "##ian");
        Assert.Matches("""^\{"score":0\.9\d+,"answer":"in parisian","start":2,"end":3\}$""", model.Json(Task, Page));
    }

    [Fact]
    public void Words_of_the_question_are_no_answer()
    {
        using var model = Model("who", "?");
        Assert.DoesNotContain("who", model.Json(Task, Page, """{"top_k": 3}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_is_not_longer_than_allowed()
    {
        using var model = Model("alice", "bob");
        Assert.Contains("\"alice lives in parisian and bob\"", model.Json(Task, Page), StringComparison.Ordinal);
        Assert.DoesNotContain("alice lives", model.Json(Task, Page, """{"max_answer_len": 1}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void Page_may_have_no_answer()
    {
        using var model = Model("[CLS]", "[CLS]");
        Assert.Equal("", ((DocumentAnswers)model.Run(Task, Page, """{"handle_impossible_answer": true}""")).Candidates[0].Text);
    }

    [Theory]
    [InlineData("alice", "alice", "alice", 0)] // in the first window
    [InlineData("bob", "bob", "bob", 5)] // in the last one
    [InlineData("paris", "and", "parisian and", 3)] // across the end of a window, and so in the next, which overlaps
    public void Page_that_is_longer_than_the_model_takes_is_read_in_windows(string first, string last, string text, int start)
    {
        using var model = Model(first, last);
        var answer = Assert.Single(((DocumentAnswers)model.Run(Task, Page, """{"max_seq_len": 10, "doc_stride": 3}""")).Candidates);
        Assert.Equal((text, start), (answer.Text, answer.Start));
    }

    [Fact]
    public void Page_may_have_no_answer_in_any_window()
    {
        using var model = Model("bob", "bob");
        // The last window has one, and so it is unlikely that there is none.
        var answers = (DocumentAnswers)model.Run(Task, Page, """{"max_seq_len": 10, "doc_stride": 3, "handle_impossible_answer": true, "top_k": 1000}""");
        Assert.Equal("bob", answers.Candidates[0].Text);
        Assert.True(Assert.Single(answers.Candidates, answer => answer.Text.Length == 0).Score < 1e-6f);
    }

    [Fact]
    public void Question_and_words_may_be_arguments()
    {
        using var model = Model("in", "in");
        var answers = (DocumentAnswers)model.Run(Task, new PipelineInput { Image = Page.Image },
            """{"question": "who ?", "word_boxes": [["alice", [0, 0, 9, 9]], ["in", [10, 0, 19, 9]]]}""");
        Assert.Equal(("in", 1), (answers.Candidates[0].Text, answers.Candidates[0].Start));
    }

    [Fact]
    public void Page_without_words_or_question_is_refused()
    {
        using var model = Model("in", "in");
        Assert.Throws<PipelineInputException>(() => model.Run(Task, Page with { WordBoxes = null }));
        Assert.Throws<PipelineInputException>(() => model.Run(Task, Page with { Question = null }));
    }

    private static LookupModel Model(string first, string last) =>
        LookupModel.OfAnswers(token => token == first ? 9 : 0, token => token == last ? 9 : 0);
}
