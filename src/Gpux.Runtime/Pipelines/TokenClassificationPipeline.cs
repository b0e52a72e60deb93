using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>A token, or a run of tokens, and its class.</summary>
/// <param name="Index">The token's place, special tokens counted; null for a run of tokens.</param>
/// <param name="Start">The place of its first character in the text, in code points.</param>
/// <param name="End">The place after its last character.</param>
public readonly record struct Entity(string Label, float Score, int? Index, string Word, int Start, int End);

/// <summary>The entities of a text in order.</summary>
public sealed record Entities(IReadOnlyList<Entity> Found) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var entity in Found)
        {
            json.WriteStartObject();
            json.WriteString(entity.Index is null ? "entity_group" : "entity", entity.Label);
            json.WriteNumber("score", entity.Score);
            if (entity.Index is { } index)
                json.WriteNumber("index", index);
            json.WriteString("word", entity.Word);
            json.WriteNumber("start", entity.Start);
            json.WriteNumber("end", entity.End);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

/// <summary>Which words of a text are names, places and so on.</summary>
internal sealed class TokenClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "token-classification";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "aggregation_strategy", "ignore_labels", "stride", "is_split_into_words", "delimiter");
        var strategy = Strategy(arguments);
        var ignored = arguments.Texts("ignore_labels", separator: ',') ?? ["O"];
        var stride = arguments.Int("stride", least: 0);
        // The original refuses "none" alone, and reads on where no strategy is named.
        if (stride is not null && strategy == Aggregation.None && arguments.Has("aggregation_strategy"))
            throw new PipelineArgumentException("stride", "'stride' reads a long text in overlapping pieces, which need an aggregation_strategy.",
                "Set aggregation_strategy to simple, first, average or max, or leave it out.");
        if (arguments.Bool("is_split_into_words", false) && input.Words is null)
            throw new PipelineInputException("'is_split_into_words' is true, but the input is one text.", "Give a list of words.");
        var notes = new List<string>();
        var text = WordText.Of(input, Task, arguments.Text("delimiter") ?? " ");
        IEnumerable<Encoding> parts;
        if (stride is { } overlap && Model.MaxTokens is { } longest)
        {
            var whole = Model.Encode(input, Task, new PipelineArguments(), [], new Truncation { MaxLength = longest, Stride = overlap });
            parts = whole.Overflow.Prepend(whole);
        }
        else
        {
            parts = [Model.Encode(input, Task, arguments, notes)];
        }
        var found = new List<Entity>();
        var count = 0;
        foreach (var part in parts)
        {
            count++;
            using var outputs = Model.Run([part], cancellationToken);
            var scores = Model.Finite(outputs, "logits").AsSpan<float>().ToArray();
            var classes = scores.Length / part.Count;
            for (var token = 0; token < part.Count; token++)
                Scores.Softmax(scores.AsSpan(token * classes, classes));
            var tokens = new EntityAggregator(Model).Aggregate(TokenScores.Of(Model.Tokenizer, part, text, scores), strategy);
            foreach (var entity in tokens)
                if (!ignored.Contains(entity.Label))
                    found.Add(entity);
        }
        return new Entities(count > 1 ? EntityAggregator.MergeOverlapping(found) : found) { Notes = notes };
    }

    private static Aggregation Strategy(PipelineArguments arguments) => arguments.Text("aggregation_strategy")?.ToLowerInvariant() switch
    {
        null or "none" => Aggregation.None,
        "simple" => Aggregation.Simple,
        "first" => Aggregation.First,
        "average" => Aggregation.Average,
        "max" => Aggregation.Max,
        _ => throw arguments.Unfit("aggregation_strategy", "none, simple, first, average or max was expected"),
    };
}

/// <summary>How tokens become entities.</summary>
internal enum Aggregation
{
    /// <summary>Each token is one.</summary>
    None,

    /// <summary>Neighbours of one class are one.</summary>
    Simple,

    /// <summary>So are words, whose class is that of their first token.</summary>
    First,

    /// <summary>... by the mean of their tokens' scores.</summary>
    Average,

    /// <summary>... that of their surest token.</summary>
    Max,
}

/// <summary>A text and, if it came in words, where each of them starts in it.</summary>
internal sealed record WordText(string Text, int[]? WordStarts, int[]? WordStartsInCodePoints)
{
    public static WordText Of(PipelineInput input, string task, string delimiter)
    {
        if (input.Words is not { } words)
            return new WordText(input.RequireText(task), null, null);
        var (starts, codePoints) = (new int[words.Count], new int[words.Count]);
        var (at, atCodePoint) = (0, 0);
        for (var i = 0; i < words.Count; i++)
        {
            (starts[i], codePoints[i]) = (at, atCodePoint);
            at += words[i].Length + delimiter.Length;
            atCodePoint += CodePoints(words[i]) + CodePoints(delimiter);
        }
        return new WordText(string.Join(delimiter, words), starts, codePoints);
    }

    private static int CodePoints(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
            count++;
        return count;
    }
}

/// <summary>A token with the scores of all classes.</summary>
/// <param name="Word">The token as the vocabulary writes it.</param>
/// <param name="IsSubword">Whether it continues the word before it.</param>
internal sealed record TokenScores(string Word, ArraySegment<float> Scores, int Index, int Start, int End, bool IsSubword)
{
    public static List<TokenScores> Of(Tokenizer tokenizer, Encoding encoding, WordText text, float[] scores)
    {
        var classes = scores.Length / encoding.Count;
        var tokens = new List<TokenScores>();
        for (var i = 0; i < encoding.Count; i++)
        {
            if (encoding.SpecialTokensMask[i] != 0)
                continue;
            var (place, codePoints) = (encoding.Offsets[i], encoding.CodePointOffsets[i]);
            if (text.WordStarts is { } starts && text.WordStartsInCodePoints is { } inCodePoints && encoding.WordIds[i] is { } number)
            {
                place = new TextRange(place.Start + starts[number], place.End + starts[number]);
                codePoints = new TextRange(codePoints.Start + inCodePoints[number], codePoints.End + inCodePoints[number]);
            }
            var word = tokenizer.TokenOf(encoding.Ids[i]) ?? "";
            var isSubword = tokenizer.HasSubwordPrefix ? CodePointCount(word) != codePoints.End - codePoints.Start
                : place.Start > 0 && !text.Text.AsSpan(place.Start - 1, Math.Min(2, text.Text.Length - place.Start + 1)).Contains(' ');
            if (encoding.Ids[i] == tokenizer.UnkId)
                (word, isSubword) = (text.Text[place.Start..place.End], false);
            tokens.Add(new TokenScores(word, new ArraySegment<float>(scores, i * classes, classes), i, codePoints.Start, codePoints.End, isSubword));
        }
        return tokens;
    }

    private static int CodePointCount(string text)
    {
        var count = 0;
        foreach (var _ in text.EnumerateRunes())
            count++;
        return count;
    }
}
