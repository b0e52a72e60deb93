using System.Text;

namespace Gpux.Onnx.Metadata;

/// <summary>What to change of what a file says of itself: first pairs are removed, then set.</summary>
public sealed record MetadataEdit
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Removes the pairs whose key begins so, and all with ""; null removes none.</summary>
    public string? RemovePrefix { get; init; }

    /// <summary>Pairs to add. A key that is there keeps its place and gets the new value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Set { get; init; } = [];

    /// <summary>The text for people; null leaves it as it is.</summary>
    public string? DocString { get; init; }

    /// <summary>The program that made the file; null leaves it as it is.</summary>
    public string? ProducerName { get; init; }

    /// <summary>That program's version; null leaves it as it is.</summary>
    public string? ProducerVersion { get; init; }

    internal IReadOnlyList<KeyValuePair<string, string>> Apply(IReadOnlyList<KeyValuePair<string, string>> pairs) =>
        OnnxMetadata.Effective([.. pairs.Where(pair => RemovePrefix is null || !pair.Key.StartsWith(RemovePrefix, StringComparison.Ordinal)), .. Set]);

    /// <summary>The texts to change, by their field numbers.</summary>
    internal IEnumerable<(int Field, string Value)> Texts()
    {
        if (ProducerName is not null)
            yield return (TopLevelField.ProducerName, ProducerName);
        if (ProducerVersion is not null)
            yield return (TopLevelField.ProducerVersion, ProducerVersion);
        if (DocString is not null)
            yield return (TopLevelField.DocString, DocString);
    }

    /// <exception cref="InvalidMetadataException">A text that ONNX cannot hold.</exception>
    internal void Check(string path)
    {
        foreach (var (key, value) in Set)
        {
            if (key.Length == 0)
                throw new InvalidMetadataException(path, "a key is empty");
            CheckText(path, key, key);
            CheckText(path, key, value);
        }
        foreach (var (_, value) in Texts())
            CheckText(path, "doc_string or producer", value);
    }

    private static void CheckText(string path, string key, string text)
    {
        try
        {
            if (Utf8.GetByteCount(text) > OnnxMetadata.LimitBytes / 4)
                throw new InvalidMetadataException(path, $"'{ReadableText.Escape(ReadableText.Clip(key, 100))}' is longer than {OnnxMetadata.LimitBytes >> 22} MiB");
        }
        catch (EncoderFallbackException)
        {
            throw new InvalidMetadataException(path, $"'{ReadableText.Escape(ReadableText.Clip(key, 100))}' is not valid Unicode");
        }
    }
}

/// <summary>What an edit did, or would do, to one file.</summary>
/// <param name="IsChanged">Whether anything is, or would be, other than before.</param>
/// <param name="AddedBytes">By how much the file grows; negative where it shrinks.</param>
public sealed record MetadataChange(
    IReadOnlyList<KeyValuePair<string, string>> Before, IReadOnlyList<KeyValuePair<string, string>> After, bool IsChanged, long AddedBytes);
