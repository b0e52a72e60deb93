using System.Text.Json;
using Gpux.Conversion.Verification;

namespace Gpux.Models.Verification;

/// <summary>Compares answers as JSON: texts, whole numbers and order exactly, scores within a tolerance.</summary>
/// <remarks>Answers that are ranked by scores within 1e-3 of each other may come in either order, and at the edge of a top-k either may
/// be the one that is left out.</remarks>
/// <param name="longerList">Gives the answer with more entries than were asked for; null if answers are not ranked by score, as the
/// entities of a text are not.</param>
internal sealed class AnswerComparison(Tolerance tolerance, Func<JsonElement>? longerList = null)
{
    private const double Near = 1e-3;
    private JsonElement? _longer;

    /// <summary>What differs first; null if nothing does.</summary>
    public string? Difference(JsonElement expected, JsonElement actual)
    {
        if (expected.ValueKind != actual.ValueKind)
            return $"{Shorten(actual)} instead of {Shorten(expected)}";
        switch (expected.ValueKind)
        {
            case JsonValueKind.Number:
                var same = IsWhole(expected) ? expected.GetDouble() == actual.GetDouble() : tolerance.Allows(expected.GetDouble(), actual.GetDouble());
                return same ? null : $"{actual} instead of {expected}";
            case JsonValueKind.Object:
                return ObjectDifference(expected, actual);
            case JsonValueKind.Array:
                return ArrayDifference([.. expected.EnumerateArray()], [.. actual.EnumerateArray()]);
            default:
                return expected.ToString() == actual.ToString() ? null : $"{Shorten(actual)} instead of {Shorten(expected)}";
        }
    }

    private string? ObjectDifference(JsonElement expected, JsonElement actual)
    {
        if (PictureComparison.IsPicture(expected) && PictureComparison.IsPicture(actual))
            return PictureComparison.Difference(expected, actual);
        if (!expected.EnumerateObject().Select(property => property.Name).SequenceEqual(actual.EnumerateObject().Select(property => property.Name)))
            return $"{Shorten(actual)} instead of {Shorten(expected)}";
        foreach (var property in expected.EnumerateObject())
            if (Difference(property.Value, actual.GetProperty(property.Name)) is { } difference)
                return $"{property.Name} {difference}";
        return null;
    }

    private string? ArrayDifference(List<JsonElement> expected, List<JsonElement> actual)
    {
        if (expected.Count != actual.Count)
            return $"{actual.Count} instead of {expected.Count} entries";
        for (var i = 0; i < expected.Count; i++)
            if (Difference(expected[i], actual[i]) is { } difference && !IsInterchangeable(expected[i], actual))
                return $"[{i}] {difference}";
        return null;
    }

    // Whether an answer is in another place, or was left out for one, of nearly the same score.
    private bool IsInterchangeable(JsonElement expected, List<JsonElement> actual)
    {
        if (longerList is null || Score(expected) is not { } score)
            return false;
        var place = actual.FindIndex(candidate => Difference(expected, candidate) is null);
        var others = place >= 0 ? actual.Where((_, i) => i != place) : Contains(_longer ??= longerList(), expected) ? actual : [];
        return others.Any(other => Score(other) is { } near && Math.Abs(near - score) <= Near);
    }

    // Lists lie in lists where there are several inputs or masks.
    private bool Contains(JsonElement json, JsonElement answer) => json.ValueKind == JsonValueKind.Array
        ? json.EnumerateArray().Any(item => Contains(item, answer)) : json.ValueKind == JsonValueKind.Object && Difference(answer, json) is null;

    private static double? Score(JsonElement answer) => answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("score", out var score)
        && score.ValueKind == JsonValueKind.Number ? score.GetDouble() : null;

    private static bool IsWhole(JsonElement number) => number.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    private static string Shorten(JsonElement json) => json.GetRawText() is { Length: > 120 } text ? text[..117] + "..." : json.GetRawText();
}
