using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>A word on a page, and where it is: in thousandths of the page's width and height.</summary>
public readonly record struct WordBox(string Word, int XMin, int YMin, int XMax, int YMax)
{
    private const int Whole = 1000;

    /// <summary>Reads a list of pairs of a word and its box, <c>[["Total", [10, 900, 80, 920]], ...]</c>, as transformers takes it.</summary>
    /// <exception cref="PipelineInputException">Another form.</exception>
    public static IReadOnlyList<WordBox> ParseAll(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
            throw Unfit();
        var words = new List<WordBox>(json.GetArrayLength());
        foreach (var pair in json.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || pair[0].ValueKind != JsonValueKind.String
                || pair[1].ValueKind != JsonValueKind.Array || pair[1].GetArrayLength() != 4)
                throw Unfit();
            words.Add(new WordBox(pair[0].GetString()!, Side(pair[1][0]), Side(pair[1][1]), Side(pair[1][2]), Side(pair[1][3]))); // a string
        }
        return words;
    }

    private static int Side(JsonElement json) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var side) && side is >= 0 and <= Whole ? side : throw Unfit();

    private static PipelineInputException Unfit() => new("The words of the page are not a list of pairs of a word and its box.",
        $"Give word_boxes as [[\"Total\", [10, 900, 80, 920]], ...]: left, top, right and bottom in thousandths of the page, from 0 to {Whole}.");
}
