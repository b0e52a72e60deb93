using System.Text.Json;
using Gpux.Conversion.Verification;
using Gpux.Models.Verification;

namespace Gpux.Models.Tests.Verification;

public sealed class AnswerComparisonTests
{
    private const string Two = """[{"label":"a","score":0.6},{"label":"b","score":0.2}]""";

    [Theory]
    [InlineData(Two, """[{"label":"a","score":0.60005},{"label":"b","score":0.2}]""")]
    [InlineData("""[{"label":"a","score":0.4002},{"label":"b","score":0.4}]""", """[{"label":"b","score":0.4},{"label":"a","score":0.4002}]""")]
    [InlineData("""{"token": 3, "text": "x"}""", """{"token": 3, "text": "x"}""")]
    [InlineData("1.0", "1")]
    public void Equal_within_tolerance_or_near_ties_pass(string expected, string actual) => Assert.Null(Compare(expected, actual, "[]"));

    [Theory]
    [InlineData("""[{"label":"a","score":0.6}]""", """[{"label":"wrong","score":0.6}]""")]
    [InlineData(Two, """[{"label":"a","score":0.6},{"label":"wrong","score":0.2}]""")]
    [InlineData(Two, """[{"label":"b","score":0.2},{"label":"a","score":0.6}]""")]
    [InlineData(Two, """[{"label":"a","score":0.602},{"label":"b","score":0.2}]""")]
    [InlineData(Two, """[{"label":"a","score":0.6}]""")]
    [InlineData(Two, """[{"score":0.6,"label":"a"},{"label":"b","score":0.2}]""")]
    [InlineData("""{"token": 3}""", """{"token": 4}""")]
    [InlineData("\"a\"", "\"b\"")]
    [InlineData("[]", "{}")]
    public void Differences_are_found(string expected, string actual) => Assert.NotNull(Compare(expected, actual, actual));

    [Fact]
    public void Answer_at_the_edge_may_be_left_out_for_one_of_nearly_the_same_score()
    {
        const string Actual = """[{"label":"a","score":0.6},{"label":"c","score":0.2005}]""";
        Assert.Null(Compare(Two, Actual, """[{"label":"a","score":0.6},{"label":"c","score":0.2005},{"label":"b","score":0.2}]"""));
        // ... if it would have come next, and its score is near.
        Assert.NotNull(Compare(Two, Actual, """[{"label":"a","score":0.6},{"label":"c","score":0.2005},{"label":"d","score":0.2}]"""));
        Assert.NotNull(Compare(Two, """[{"label":"a","score":0.6},{"label":"c","score":0.25}]""", """[{"label":"c","score":0.25},{"label":"b","score":0.2}]"""));
    }

    [Fact]
    public void Order_is_exact_where_answers_are_not_ranked() => Assert.NotNull(new AnswerComparison(new Tolerance(1e-4, 0)).Difference(
        Json("""[{"word":"a","score":0.5},{"word":"b","score":0.5}]"""), Json("""[{"word":"b","score":0.5},{"word":"a","score":0.5}]""")));

    private static string? Compare(string expected, string actual, string longer) =>
        new AnswerComparison(new Tolerance(1e-4, 0), () => Json(longer)).Difference(Json(expected), Json(actual));

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
