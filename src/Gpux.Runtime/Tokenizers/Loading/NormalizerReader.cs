using System.Text.Json;
using Gpux.Runtime.Tokenizers.Normalizers;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The <c>normalizer</c> of a tokenizer.json.</summary>
internal static class NormalizerReader
{
    public static Normalizer Read(JsonElement element, string file)
    {
        var fields = new JsonFields(element, file);
        return fields.Type switch
        {
            "BertNormalizer" => new BertNormalizer(fields.Bool("clean_text", true), fields.Bool("handle_chinese_chars", true),
                fields.BoolOrNull("strip_accents"), fields.Bool("lowercase", true)),
            "Strip" => new StripNormalizer(fields.Bool("strip_left", true), fields.Bool("strip_right", true)),
            "StripAccents" => new StripAccentsNormalizer(),
            "NFC" => new UnicodeNormalizer(UnicodeForm.Nfc),
            "NFD" => new UnicodeNormalizer(UnicodeForm.Nfd),
            "NFKC" => new UnicodeNormalizer(UnicodeForm.Nfkc),
            "NFKD" => new UnicodeNormalizer(UnicodeForm.Nfkd),
            "Lowercase" => new LowercaseNormalizer(),
            "Nmt" => new NmtNormalizer(),
            "Precompiled" => Precompiled(fields),
            "Replace" => new ReplaceNormalizer(PatternReader.Read(fields), fields.Bytes("content")),
            "Prepend" => new PrependNormalizer(fields.Bytes("prepend")),
            "ByteLevel" => new ByteLevelNormalizer(),
            "Sequence" => new SequenceNormalizer(fields.Array("normalizers", part => Read(part, file))),
            var type => throw new UnsupportedTokenizerException($"the normalizer '{type}'"),
        };
    }

    private static PrecompiledNormalizer Precompiled(JsonFields fields)
    {
        byte[] map;
        try
        {
            map = Convert.FromBase64String(fields.String("precompiled_charsmap"));
        }
        catch (FormatException damage)
        {
            throw new InvalidTokenizerException(fields.File, "'precompiled_charsmap' is no base64", damage);
        }
        return PrecompiledNormalizer.Read(map) ?? throw fields.Wrong("precompiled_charsmap", "is damaged");
    }
}
