using System.Text.Json;
using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>A vocab.json: an object of tokens and ids.</summary>
internal static class VocabularyJson
{
    public const string FileName = "vocab.json";

    /// <param name="language">The field that holds the object, where a file has one for each language; null: the file is the object.</param>
    public static Vocabulary Read(ReadOnlySpan<byte> json, string file = FileName, string? language = null)
    {
        try
        {
            return ModelReader.ReadVocabulary(language is null ? json : FieldOf(json, language, file), file);
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException or FormatException or InvalidDataException)
        {
            throw new InvalidTokenizerException(file, damage.Message.TrimEnd('.'), damage);
        }
    }

    private static ReadOnlySpan<byte> FieldOf(ReadOnlySpan<byte> json, string name, string file)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.TokenType == JsonTokenType.StartObject ? reader.Read() : reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (!reader.TrySkip())
                break;
            if (found)
                return json[start..(int)reader.BytesConsumed];
            reader.Read();
        }
        throw new InvalidTokenizerException(file, $"it has no vocabulary for '{name}'");
    }
}
