using System.Text.Json;
using Gpux.Runtime.Tokenizers.Decoders;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The <c>decoder</c> of a tokenizer.json.</summary>
internal static class DecoderReader
{
    public static Decoder Read(JsonElement element, string file)
    {
        var fields = new JsonFields(element, file);
        return fields.Type switch
        {
            "ByteLevel" => new ByteLevelDecoder(),
            "WordPiece" => new WordPieceDecoder(Text(fields, "prefix", "##"), fields.Bool("cleanup", true)),
            "Metaspace" => new MetaspaceDecoder(Text(fields, "replacement", "▁"),
                (fields.StringOrNull("prepend_scheme") ?? (fields.Bool("add_prefix_space", true) ? "always" : "never")) != "never"),
            "BPEDecoder" => new BpeDecoder(Text(fields, "suffix", "</w>")),
            "ByteFallback" => new ByteFallbackDecoder(),
            "Fuse" => new FuseDecoder(),
            "Strip" => new StripDecoder(Text(fields, "content", " "), fields.Int("start", 0), fields.Int("stop", 0)),
            "Replace" => new ReplaceDecoder(PatternReader.Read(fields), fields.Bytes("content")),
            "CTC" => new CtcDecoder(fields.StringOrNull("pad_token") ?? "<pad>",
                fields.StringOrNull("word_delimiter_token") ?? "|", fields.Bool("cleanup", true)),
            "Sequence" => new SequenceDecoder(fields.Array("decoders", part => Read(part, file))),
            var type => throw new UnsupportedTokenizerException($"the decoder '{type}'"),
        };
    }

    private static byte[] Text(JsonFields fields, string name, string otherwise)
    {
        var text = fields.StringOrNull(name) ?? otherwise;
        return text.Length > 0 || name == "prefix" || name == "suffix"
            ? System.Text.Encoding.UTF8.GetBytes(text)
            : throw fields.Wrong(name, "is empty");
    }
}
