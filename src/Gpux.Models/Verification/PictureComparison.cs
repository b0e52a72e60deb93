using System.Text.Json;

namespace Gpux.Models.Verification;

/// <summary>Compares grey pictures in answers, whether recorded as all their levels or as runs of equal ones.</summary>
/// <remarks>A level may differ by one, where a fraction was cut off; a mask, which has the levels 0 and 255 alone, may so not differ at all.</remarks>
internal static class PictureComparison
{
    public static bool IsPicture(JsonElement json) =>
        json.TryGetProperty("mode", out _) && json.TryGetProperty("size", out _) && (json.TryGetProperty("runs", out _) || json.TryGetProperty("values", out _));

    /// <summary>What differs first; null if nothing does.</summary>
    public static string? Difference(JsonElement expected, JsonElement actual)
    {
        if (expected.GetProperty("mode").GetString() != actual.GetProperty("mode").GetString() || Size(expected) != Size(actual))
            return $"{actual.GetProperty("mode")} of {Size(actual)} instead of {expected.GetProperty("mode")} of {Size(expected)}";
        var (recorded, computed) = (Levels(expected), Levels(actual));
        if (recorded.Count != computed.Count)
            return $"{computed.Count} instead of {recorded.Count} pixels";
        for (var i = 0; i < recorded.Count; i++)
            if (Math.Abs(recorded[i] - computed[i]) > 1)
                return $"pixel {i} is {computed[i]} instead of {recorded[i]}";
        return null;
    }

    private static (int Width, int Height) Size(JsonElement picture) =>
        (picture.GetProperty("size")[0].GetInt32(), picture.GetProperty("size")[1].GetInt32());

    private static List<int> Levels(JsonElement picture)
    {
        var levels = new List<int>();
        if (picture.TryGetProperty("values", out var values))
        {
            foreach (var value in values.EnumerateArray())
                levels.Add(value.GetInt32());
            return levels;
        }
        foreach (var run in picture.GetProperty("runs").EnumerateArray())
            levels.AddRange(Enumerable.Repeat(run[0].GetInt32(), run[1].GetInt32()));
        return levels;
    }
}
