using System.Text.Json;
using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Loading;

namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>What Whisper's tokens say beside text: when, in which language, and what for.</summary>
/// <remarks>Source: transformers 4.57.1, WhisperTokenizerFast.</remarks>
internal sealed class WhisperTokens(AddedVocabulary added, Func<byte[]?> readSpelling)
{
    private const string SpellingFile = "normalizer.json";
    private const double SecondsAStep = 0.02;
    private const int StepsASegment = 1500; // 30 seconds
    private readonly Lazy<EnglishTextNormalizer> _english = new(() => new EnglishTextNormalizer(ReadSpelling(readSpelling())));

    public string Normalize(string text, TextNormalization normalization) => normalization switch
    {
        TextNormalization.English => _english.Value.Normalize(text),
        TextNormalization.Basic => BasicTextNormalizer.Normalize(text, removesDiacritics: false),
        TextNormalization.BasicWithoutDiacritics => BasicTextNormalizer.Normalize(text, removesDiacritics: true),
        _ => text,
    };

    /// <summary>The ids without the text that the model was given to go on from.</summary>
    public ReadOnlySpan<int> WithoutPrompt(ReadOnlySpan<int> ids)
    {
        if (ids.IsEmpty || ids[0] != added.Find("<|startofprev|>"))
            return ids;
        var start = ids.IndexOf(added.Find("<|startoftranscript|>"));
        return start < 0 ? [] : ids[start..];
    }

    /// <summary>The ids that make the model write text of a language, for a task, with or without time stamps.</summary>
    public int[] Prompt(string? language, string? task, bool withTimestamps)
    {
        List<string> tokens = ["<|startoftranscript|>"];
        if (language is not null)
            tokens.Add($"<|{WhisperLanguages.CodeOf(language)}|>");
        if (task is not null)
            tokens.Add(task is "transcribe" or "translate" ? $"<|{task}|>" : throw new ArgumentException($"Whisper has no task '{task}': transcribe or translate.", nameof(task)));
        if (!withTimestamps)
            tokens.Add("<|notimestamps|>");
        var ids = new int[tokens.Count];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = added.Find(tokens[i]);
            if (ids[i] < 0)
                throw new ArgumentException($"The tokenizer has no token '{tokens[i]}'.", nameof(language));
        }
        return ids;
    }

    /// <summary>The parts between time stamps; empty if there are none.</summary>
    /// <param name="textOf">Decodes ids, special ones too.</param>
    public List<WhisperSegment> Segments(ReadOnlySpan<int> ids, Func<ReadOnlySpan<int>, string> textOf)
    {
        var first = added.Find("<|notimestamps|>") + 1; // the id of <|0.00|>
        var segments = new List<WhisperSegment>();
        var ends = EndsOf(ids, first);
        if (ends.Count == 0)
            return segments;
        var start = 0;
        while (ids[start] < first)
            start++;
        var (latest, offset) = (0, 0); // steps
        foreach (var end in ends)
        {
            var (from, to) = (ids[start] - first, ids[end - 1] - first);
            if (from < latest)
            {
                // Time starts anew: the model has heard the next stretch of sound.
                var isSingleEnding = start >= 2 && !(ids[start - 2] >= first && ids[start - 1] >= first);
                offset += isSingleEnding ? StepsASegment : latest;
            }
            latest = to;
            var text = Timestamps.Remove(textOf(ids[start..end]));
            segments.Add(new WhisperSegment(text, Time(from + offset), Time(to + offset)));
            start = end;
        }
        return segments;
    }

    private static TimeSpan Time(int steps) => TimeSpan.FromSeconds(steps * SecondsAStep);

    // Segments end between two time stamps in a row, and behind the last one.
    private static List<int> EndsOf(ReadOnlySpan<int> ids, int first)
    {
        var ends = new List<int>();
        var (stamps, last) = (0, -1);
        for (var i = 0; i < ids.Length; i++)
        {
            if (ids[i] < first)
                continue;
            if (stamps > 0 && last == i - 1)
                ends.Add(i);
            (stamps, last) = (stamps + 1, i);
        }
        if (ends.Count == 0 && stamps <= 1)
            return [];
        if (ends.Count == 0 || ends[^1] != last + 1)
            ends.Add(last + 1);
        return ends;
    }

    private static Dictionary<string, string> ReadSpelling(byte[]? json)
    {
        var spelling = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json is null)
            return spelling;
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var entry in new JsonFields(document.RootElement, SpellingFile).Properties())
                spelling[entry.Name] = entry.Value.GetString() ?? "";
            return spelling;
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException)
        {
            throw new InvalidTokenizerException(SpellingFile, damage.Message.TrimEnd('.'), damage);
        }
    }

    /// <param name="files">May have <c>normalizer.json</c>: American spellings.</param>
    public static WhisperTokens Of(AddedVocabulary added, RepositoryFiles files) => new(added, () => files.Find(SpellingFile));
}
