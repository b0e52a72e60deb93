using System.Globalization;
using System.Text.Json;
using Gpux.Runtime.Tokenizers.Speech;

namespace Gpux.Runtime.Tokenizers.Verification;

/// <summary>One recording of a tokenizer: what went in, and all that the original gave.</summary>
internal static class TokenizerVector
{
    private const int LongestExcerpt = 40;
    private static readonly string[] DecodeOptionNames =
    [
        "clean_up_tokenization_spaces", "skip_special_tokens", "decode_with_timestamps", "group_tokens", "output_char_offsets", "output_word_offsets",
        "normalize", "basic_normalize", "remove_diacritics", "output_offsets",
    ];
    private const int LongText = 1000; // characters

    /// <returns>What differs; null if nothing does.</returns>
    /// <exception cref="UnsupportedTokenizerException">The recording asks for what GPUX does not have.</exception>
    public static string? Check(Tokenizer tokenizer, JsonElement vector) => Text(vector, "kind") switch
    {
        null or "encode" => CheckEncode(tokenizer, vector, () => tokenizer.Encode(Text(vector, "text") ?? "", Text(vector, "pair"), Options(vector))),
        "words" => CheckEncode(tokenizer, vector, () => tokenizer.EncodeWords(Strings(vector, "words"), null, Options(vector))),
        "batch" => CheckBatch(tokenizer, vector),
        "decode" => CheckDecode(tokenizer, vector),
        "stream" => CheckStream(tokenizer, vector),
        "token" => Same("id", vector.GetProperty("id").GetInt32(), tokenizer.LanguageId(Text(vector, "language") ?? "") ?? -1),
        var kind => throw new UnsupportedTokenizerException($"recordings of the kind '{kind}'"),
    };

    private static string? CheckEncode(Tokenizer tokenizer, JsonElement vector, Func<Encoding> encode)
    {
        Encoding encoding;
        try
        {
            encoding = encode();
        }
        catch (GpuxException problem) when (problem is not UnsupportedTokenizerException)
        {
            return vector.TryGetProperty("error", out _) ? null : $"fails: {problem.Message}";
        }
        return vector.TryGetProperty("error", out _) ? "does not fail" : CheckEncoding(tokenizer, vector, encoding);
    }

    internal static string? CheckEncoding(Tokenizer tokenizer, JsonElement expected, Encoding encoding)
    {
        var count = expected.GetProperty("ids").GetArrayLength();
        var zeros = Enumerable.Repeat<int?>(0, count);
        var difference = Same("ids", Numbers(expected, "ids"), Nullable(encoding.Ids))
            ?? Same("type_ids", Numbers(expected, "type_ids") ?? zeros, Nullable(encoding.TypeIds))
            ?? Same("attention_mask", Numbers(expected, "attention_mask") ?? zeros.Select(zero => 1 - zero), Nullable(encoding.AttentionMask))
            ?? Same("special", Numbers(expected, "special"), Ones(encoding.SpecialTokensMask))
            ?? Same("word_ids", Numbers(expected, "word_ids"), encoding.WordIds.ToArray())
            ?? Same("sequence_ids", Numbers(expected, "sequence_ids"), encoding.SequenceIds.ToArray())
            ?? Same("offsets", Numbers(expected, "offsets"), Flat(encoding.CodePointOffsets));
        if (difference is not null)
            return difference;
        if (expected.TryGetProperty("tokens", out _) && !Strings(expected, "tokens").SequenceEqual(encoding.Tokens))
            return $"tokens are [{string.Join(' ', encoding.Tokens)}]";
        if (CheckText(tokenizer, expected, encoding.Ids) is { } text)
            return text;
        if (!expected.TryGetProperty("overflow", out var overflow))
            return null;
        if (overflow.GetArrayLength() != encoding.Overflow.Count)
            return $"has {encoding.Overflow.Count} windows of overflow, not {overflow.GetArrayLength()}";
        for (var i = 0; i < encoding.Overflow.Count; i++)
        {
            if (CheckEncoding(tokenizer, overflow[i], encoding.Overflow[i]) is { } inWindow)
                return $"overflow {i}: {inWindow}";
        }
        return null;
    }

    private static string? CheckText(Tokenizer tokenizer, JsonElement expected, ReadOnlySpan<int> ids)
    {
        if (Text(expected, "decoded") is not { } decoded)
            return null;
        if (Same("decoded", decoded, tokenizer.Decode(ids)) is { } difference)
            return difference;
        // Of long texts the original recorded ids and text, and nothing else.
        return IsShortened(expected) ? null : Same("decoded_skip_special", Text(expected, "decoded_skip_special") ?? decoded, tokenizer.Decode(ids, new DecodeOptions { SkipSpecialTokens = true }));
    }

    private static bool IsShortened(JsonElement expected) =>
        Text(expected, "text") is { Length: >= LongText } && !expected.TryGetProperty("decoded_skip_special", out _);

    private static string? CheckBatch(Tokenizer tokenizer, JsonElement vector)
    {
        var texts = vector.GetProperty("batch").EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Array
            ? (item[0].GetString() ?? "", item[1].GetString())
            : (item.GetString() ?? "", null)).ToList();
        var encodings = tokenizer.EncodeBatch(texts, Options(vector));
        var results = vector.GetProperty("results");
        for (var i = 0; i < encodings.Count; i++)
        {
            if (CheckEncoding(tokenizer, results[i], encodings[i]) is { } difference)
                return $"result {i}: {difference}";
        }
        return null;
    }

    private static string? CheckDecode(Tokenizer tokenizer, JsonElement vector)
    {
        var options = vector.TryGetProperty("options", out var given) ? given : default;
        if (options.ValueKind == JsonValueKind.Object)
        {
            var unknown = options.EnumerateObject().Select(option => option.Name).Except(DecodeOptionNames).Order(StringComparer.Ordinal);
            if (unknown.Any())
                throw new UnsupportedTokenizerException($"the decode option '{unknown.First()}'");
        }
        var ids = Numbers(vector, "ids")!.Select(id => id ?? 0).ToArray(); // the format has ids
        if (options.ValueKind != JsonValueKind.Object)
            return CheckText(tokenizer, vector, ids);
        var wanted = new DecodeOptions
        {
            CleanUpSpaces = Flag(options, "clean_up_tokenization_spaces"),
            SkipSpecialTokens = Flag(options, "skip_special_tokens") ?? false,
            WithTimestamps = Flag(options, "decode_with_timestamps") ?? false,
            GroupRepeats = Flag(options, "group_tokens") ?? true,
            Normalization = Flag(options, "normalize") == true ? TextNormalization.English
                : Flag(options, "basic_normalize") != true ? TextNormalization.None
                : Flag(options, "remove_diacritics") == true ? TextNormalization.BasicWithoutDiacritics : TextNormalization.Basic,
        };
        return Same("decoded", Text(vector, "decoded") ?? "", tokenizer.Decode(ids, wanted))
            ?? CheckFrames(tokenizer, vector, ids, wanted) ?? CheckSegments(tokenizer, vector, ids);
    }

    private static string? CheckFrames(Tokenizer tokenizer, JsonElement vector, int[] ids, DecodeOptions options)
    {
        if (!vector.TryGetProperty("char_offsets", out var characters) && !vector.TryGetProperty("word_offsets", out _))
            return null;
        var text = tokenizer.DecodeFrames(ids, options);
        return Same("text of frames", Text(vector, "decoded") ?? "", text.Text)
            ?? (characters.ValueKind == JsonValueKind.Array ? Ranges("char_offsets", characters, "char", text.Characters) : null)
            ?? (vector.TryGetProperty("word_offsets", out var words) && words.ValueKind == JsonValueKind.Array ? Ranges("word_offsets", words, "word", text.Words) : null);
    }

    private static string? Ranges(string what, JsonElement expected, string textName, IReadOnlyList<CtcRange> ranges) => Same(
        what,
        string.Join(' ', expected.EnumerateArray().Select(range => $"{Text(range, textName)}@{Number(range, "start_offset")}-{Number(range, "end_offset")}")),
        string.Join(' ', ranges.Select(range => $"{range.Text}@{range.StartFrame}-{range.EndFrame}")));

    private static string? CheckSegments(Tokenizer tokenizer, JsonElement vector, int[] ids)
    {
        if (!vector.TryGetProperty("segments", out var segments))
            return null;
        return Same(
            "segments",
            string.Join(' ', segments.EnumerateArray().Select(segment =>
                string.Create(CultureInfo.InvariantCulture, $"{Text(segment, "text")}@{segment.GetProperty("timestamp")[0].GetDouble():F2}-{segment.GetProperty("timestamp")[1].GetDouble():F2}"))),
            string.Join(' ', tokenizer.DecodeSegments(ids).Select(segment =>
                string.Create(CultureInfo.InvariantCulture, $"{segment.Text}@{segment.Start.TotalSeconds:F2}-{segment.End.TotalSeconds:F2}"))));
    }

    private static string? CheckStream(Tokenizer tokenizer, JsonElement vector)
    {
        var decoder = tokenizer.DecodeStream(new DecodeOptions { SkipSpecialTokens = true, CleanUpSpaces = false });
        var text = "";
        foreach (var id in Numbers(vector, "ids") ?? [])
            text += decoder.Push(id ?? 0);
        return Same("text", Text(vector, "text") ?? "", text + decoder.Flush());
    }

    private static EncodeOptions Options(JsonElement vector)
    {
        if (!vector.TryGetProperty("options", out var options))
            return EncodeOptions.Default;
        var cuts = options.TryGetProperty("truncation", out var truncation) && truncation.ValueKind != JsonValueKind.False;
        var pads = options.TryGetProperty("padding", out var padding) && padding.ValueKind != JsonValueKind.False;
        var languages = Text(options, "src_lang");
        return new EncodeOptions
        {
            AddSpecialTokens = Flag(options, "add_special_tokens") ?? true,
            SourceLanguage = languages,
            IsTarget = Flag(options, "target") ?? false,
            Truncation = !cuts ? null : new Truncation
            {
                MaxLength = Number(options, "max_length"),
                Stride = Number(options, "stride") ?? 0,
                Side = Side(options, "truncation_side"),
                ReturnOverflow = true,
                Strategy = Text(options, "truncation") switch
                {
                    "only_first" => TruncationStrategy.OnlyFirst,
                    "only_second" => TruncationStrategy.OnlySecond,
                    _ => TruncationStrategy.LongestFirst,
                },
            },
            Padding = !pads ? null : new Padding
            {
                Length = Text(options, "padding") == "max_length" ? Number(options, "max_length") : null,
                MultipleOf = Number(options, "pad_to_multiple_of") ?? 1,
                Side = Side(options, "padding_side"),
            },
        };
    }

    private static string? Same(string what, string expected, string actual) => expected == actual ? null : Differs(what, expected, actual);

    private static string Differs(string what, string expected, string actual)
    {
        var same = expected.AsSpan().CommonPrefixLength(actual);
        return $"{what} is '{Excerpt(actual, same)}' instead of '{Excerpt(expected, same)}' from character {same} on";
    }

    private static string Excerpt(string text, int start) => text[start..Math.Min(text.Length, start + LongestExcerpt)];

    private static string? Same(string what, int expected, int actual) => expected == actual ? null : $"{what} is {actual} instead of {expected}";

    private static string? Same(string what, IEnumerable<int?>? expected, IEnumerable<int?> actual) =>
        expected is null || expected.SequenceEqual(actual) ? null : $"{what} are [{string.Join(',', actual)}] instead of [{string.Join(',', expected)}]";

    private static int?[] Nullable(ReadOnlySpan<int> values)
    {
        var all = new int?[values.Length];
        for (var i = 0; i < all.Length; i++)
            all[i] = values[i];
        return all;
    }

    private static List<int?> Ones(ReadOnlySpan<int> mask)
    {
        var places = new List<int?>();
        for (var i = 0; i < mask.Length; i++)
        {
            if (mask[i] == 1)
                places.Add(i);
        }
        return places;
    }

    private static List<int?> Flat(ReadOnlySpan<TextRange> ranges)
    {
        var flat = new List<int?>(ranges.Length * 2);
        foreach (var range in ranges)
        {
            flat.Add(range.Start);
            flat.Add(range.End);
        }
        return flat;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool? Flag(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    private static int? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;

    private static TokenSide? Side(JsonElement element, string name) => Text(element, name) switch
    {
        "left" => TokenSide.Left,
        "right" => TokenSide.Right,
        _ => null,
    };

    private static List<string> Strings(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(item => item.GetString() ?? "")];

    private static List<int?>? Numbers(JsonElement element, string name) => element.TryGetProperty(name, out var values)
        ? [.. values.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? null : (int?)value.GetInt32())]
        : null;
}
