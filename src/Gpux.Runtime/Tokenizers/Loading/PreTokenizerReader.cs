using System.Text.Json;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.PreTokenizers;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The <c>pre_tokenizer</c> of a tokenizer.json.</summary>
internal static class PreTokenizerReader
{
    public static PreTokenizer Read(JsonElement element, string file)
    {
        var fields = new JsonFields(element, file);
        return fields.Type switch
        {
            "BertPreTokenizer" => new BertPreTokenizer(),
            "ByteLevel" => new ByteLevelPreTokenizer(fields.Bool("add_prefix_space", true), fields.Bool("use_regex", true)),
            "CharDelimiterSplit" => new SplitPreTokenizer(new LiteralPattern(fields.Bytes("delimiter")), SplitBehavior.Removed),
            "Metaspace" => Metaspace(fields),
            "Whitespace" => new WhitespacePreTokenizer(),
            "WhitespaceSplit" => new SplitPreTokenizer(CharacterPattern.WhiteSpace, SplitBehavior.Removed),
            "Punctuation" => new SplitPreTokenizer(CharacterPattern.Punctuation, Behavior(fields, "Isolated")),
            "Digits" => new SplitPreTokenizer(
                CharacterPattern.Number, fields.Bool("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
            "Split" => new SplitPreTokenizer(PatternReader.Read(fields), Behavior(fields, null), fields.Bool("invert", false)),
            "UnicodeScripts" => new UnicodeScriptsPreTokenizer(),
            "FixedLength" => FixedLength(fields),
            "Sequence" => new SequencePreTokenizer(fields.Array("pretokenizers", part => Read(part, file))),
            var type => throw new UnsupportedTokenizerException($"the pre-tokenizer '{type}'"),
        };
    }

    private static MetaspacePreTokenizer Metaspace(JsonFields fields)
    {
        // Files from before prepend_scheme say it by add_prefix_space.
        var scheme = fields.StringOrNull("prepend_scheme") ?? (fields.Bool("add_prefix_space", true) ? "always" : "never");
        return new MetaspacePreTokenizer(fields.Has("replacement") ? fields.Bytes("replacement") : "▁"u8.ToArray(), scheme switch
        {
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            "always" => PrependScheme.Always,
            _ => throw fields.Wrong("prepend_scheme", $"is '{scheme}'"),
        }, fields.Bool("split", true));
    }

    private static FixedLengthPreTokenizer FixedLength(JsonFields fields) => fields.Int("length", 5) is var length and > 0
        ? new FixedLengthPreTokenizer(length)
        : throw fields.Wrong("length", "is 0");

    private static SplitBehavior Behavior(JsonFields fields, string? otherwise) => (fields.StringOrNull("behavior") ?? otherwise) switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        var behavior => throw fields.Wrong("behavior", $"is '{behavior}'"),
    };
}
