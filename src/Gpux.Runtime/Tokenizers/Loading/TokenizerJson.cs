using System.Text.Json;
using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.PreTokenizers;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Reads a tokenizer.json, the file of the tokenizers library.</summary>
/// <remarks>Source: tokenizers 0.22.2, whose defaults for absent fields are kept.</remarks>
internal static class TokenizerJson
{
    public const string FileName = "tokenizer.json";

    public static TokenizerParts Read(ReadOnlySpan<byte> json)
    {
        // The reader of JSON checks only what it decodes.
        if (!System.Text.Unicode.Utf8.IsValid(json))
            throw new InvalidTokenizerException(FileName, "it is no UTF-8");
        try
        {
            return ReadSections(json);
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException or FormatException or InvalidDataException)
        {
            throw new InvalidTokenizerException(FileName, damage.Message.TrimEnd('.'), damage);
        }
    }

    private static TokenizerParts ReadSections(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidTokenizerException(FileName, "it is no object");
        var sections = new Dictionary<string, JsonDocument>(StringComparer.Ordinal);
        Model? model = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isModel = reader.ValueTextEquals("model"u8);
            var name = reader.GetString()!; // a property's name
            reader.Read();
            if (isModel)
            {
                model = ModelReader.Read(json, ref reader, FileName);
                continue;
            }
            sections[name] = JsonDocument.ParseValue(ref reader);
        }
        return Assemble(model ?? throw new InvalidTokenizerException(FileName, "it has no model"), sections);
    }

    private static TokenizerParts Assemble(Model model, Dictionary<string, JsonDocument> sections)
    {
        var parts = new TokenizerParts(model);
        if (Section("normalizer") is { } normalizer)
            parts.Normalizer = NormalizerReader.Read(normalizer, FileName);
        if (Section("pre_tokenizer") is { } preTokenizer)
            parts.PreTokenizer = PreTokenizerReader.Read(preTokenizer, FileName);
        if (Section("post_processor") is { } postProcessor)
            parts.PostProcessor = PostProcessorReader.Read(postProcessor, FileName);
        if (Section("decoder") is { } decoder)
            parts.Decoder = DecoderReader.Read(decoder, FileName);
        if (Section("added_tokens") is { } added)
        {
            foreach (var element in added.EnumerateArray())
                parts.Added.Add(AddedTokenOf(new JsonFields(element, FileName), normalizedByDefault: true));
        }
        if (Section("padding") is { } padding)
        {
            var fields = new JsonFields(padding, FileName);
            parts.PaddingSide = fields.StringOrNull("direction") == "Left" ? TokenSide.Left : TokenSide.Right;
            parts.StatedPad = fields.StringOrNull("pad_token");
        }
        if (Section("truncation") is { } truncation)
            parts.TruncationSide = new JsonFields(truncation, FileName).StringOrNull("direction") == "Left" ? TokenSide.Left : TokenSide.Right;
        return parts;

        JsonElement? Section(string name) =>
            sections.TryGetValue(name, out var section) && section.RootElement.ValueKind != JsonValueKind.Null ? section.RootElement : null;
    }

    /// <summary>An added token as tokenizer.json and tokenizer_config.json describe it.</summary>
    public static AddedToken AddedTokenOf(JsonFields fields, bool normalizedByDefault) => new(
        fields.String("content"), fields.Bool("single_word", false), fields.Bool("lstrip", false), fields.Bool("rstrip", false),
        fields.Bool("normalized", normalizedByDefault && !fields.Bool("special", false)), fields.Bool("special", false));

    /// <summary>Lets a byte-level model read bytes instead of the characters that stand for them.</summary>
    public static PreTokenizer? ForModel(PreTokenizer? preTokenizer, Model model)
    {
        switch (preTokenizer)
        {
            case ByteLevelPreTokenizer bytes when model is BpeModel bpe && bpe.ReadBytes():
                return bytes.LeaveBytes();
            case SequencePreTokenizer { Parts.Count: > 0 } sequence:
                PreTokenizer[] parts = [.. sequence.Parts];
                parts[^1] = ForModel(parts[^1], model) ?? parts[^1];
                return new SequencePreTokenizer(parts);
            default:
                return preTokenizer;
        }
    }
}
