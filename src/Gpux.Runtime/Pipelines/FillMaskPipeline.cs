using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <param name="Token">The id that takes the mask's place.</param>
/// <param name="TokenText">What the token reads as alone.</param>
/// <param name="Sequence">The whole text with it; with special tokens if there are other masks.</param>
public readonly record struct MaskFill(float Score, int Token, string TokenText, string Sequence);

/// <summary>For each mask the tokens that fit it best.</summary>
public sealed record MaskFills(IReadOnlyList<IReadOnlyList<MaskFill>> Masks) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        if (Masks.Count > 1)
            json.WriteStartArray();
        foreach (var mask in Masks)
        {
            json.WriteStartArray();
            foreach (var fill in mask)
            {
                json.WriteStartObject();
                json.WriteNumber("score", fill.Score);
                json.WriteNumber("token", fill.Token);
                json.WriteString("token_str", fill.TokenText);
                json.WriteString("sequence", fill.Sequence);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        if (Masks.Count > 1)
            json.WriteEndArray();
    }
}

/// <summary>Which tokens fit the masks in a text.</summary>
internal sealed class FillMaskPipeline(PipelineModel model) : Pipeline(model)
{
    private const int DefaultCount = 5;

    public override string Task => "fill-mask";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "top_k", "targets", "truncation", "max_length", "tokenizer_kwargs");
        var tokenizer = Model.Tokenizer;
        var mask = tokenizer.MaskId ?? throw new PipelineInputException($"The tokenizer of {Model.Name} has no mask token.", "Take a masked language model for this task.");
        var notes = new List<string>();
        var encoding = Model.Encode(input, Task, arguments, notes, ClassScores.Truncation(arguments, "tokenizer_kwargs"));
        var ids = encoding.Ids.ToArray();
        var places = new List<int>();
        for (var i = 0; i < ids.Length; i++)
            if (ids[i] == mask)
                places.Add(i);
        if (places.Count == 0)
            throw new PipelineInputException($"The text has no mask ({tokenizer.TokenOf(mask)}).", $"Write {tokenizer.TokenOf(mask)} where a word is to be found.");
        var targets = arguments.Texts("targets") is { } words ? TargetIds(words, notes) : null;
        var count = arguments.Int("top_k", least: 1) ?? DefaultCount;

        using var outputs = Model.Run([encoding], cancellationToken);
        var logits = Model.Finite(outputs, "logits");
        var vocabulary = (int)logits.Shape[2];
        var fills = new List<IReadOnlyList<MaskFill>>();
        foreach (var place in places)
        {
            var scores = logits.AsSpan<float>().Slice(place * vocabulary, vocabulary).ToArray();
            Scores.Softmax(scores);
            var candidates = targets is null ? scores : Array.ConvertAll(targets, id => scores[id]);
            var filled = new List<MaskFill>();
            foreach (var i in Scores.Top(candidates, count))
            {
                var token = targets is null ? i : targets[i];
                filled.Add(new MaskFill(candidates[i], token, tokenizer.Decode([token]), Filled(ids, place, token, isOnly: places.Count == 1)));
            }
            fills.Add(filled);
        }
        return new MaskFills(fills) { Notes = notes };
    }

    private string Filled(int[] ids, int place, int token, bool isOnly)
    {
        var filled = new List<int>(ids.Length);
        for (var i = 0; i < ids.Length; i++)
            if ((i == place ? token : ids[i]) is var id && id != Model.Tokenizer.PadId)
                filled.Add(id);
        return Model.Tokenizer.Decode(filled.ToArray(), new DecodeOptions { SkipSpecialTokens = isOnly });
    }

    // Words that are no tokens stand for their first one, as in the original.
    private int[] TargetIds(IReadOnlyList<string> words, List<string> notes)
    {
        var ids = new List<int>();
        foreach (var word in words)
        {
            var id = Model.Tokenizer.IdOf(word);
            if (id is null)
            {
                var pieces = Model.Tokenizer.Encode(word, options: new EncodeOptions { AddSpecialTokens = false });
                if (pieces.Count == 0)
                {
                    notes.Add($"'{word}' has no token of the model, and is left out.");
                    continue;
                }
                id = pieces.Ids[0];
                notes.Add($"'{word}' is no token of the model: '{Model.Tokenizer.TokenOf(id.Value)}' is taken in its place.");
            }
            if (!ids.Contains(id.Value))
                ids.Add(id.Value);
        }
        return ids.Count > 0 ? [.. ids] : throw new PipelineArgumentException("targets", "None of the targets is a token of the model.", "Name words that the model knows.");
    }
}
