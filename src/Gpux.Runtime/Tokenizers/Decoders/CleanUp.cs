using System.Buffers;

namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>Drops the spaces that tokenization leaves before English punctuation and contractions.</summary>
internal static class CleanUp
{
    /// <summary>What stands behind the space of everything that is replaced.</summary>
    public static SearchValues<byte> Starts { get; } = SearchValues.Create(".?!,'nd"u8);

    /// <summary>What the decoders of tokenizers do, token by token.</summary>
    public static string OfTokens(string text) => Contractions(Punctuation(text).Replace(" do not", " don't", StringComparison.Ordinal));

    /// <summary>What transformers does to a whole text.</summary>
    public static string OfText(string text) => Contractions(Punctuation(text));

    private static string Punctuation(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal)
        .Replace(" ?", "?", StringComparison.Ordinal)
        .Replace(" !", "!", StringComparison.Ordinal)
        .Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal)
        .Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal);

    private static string Contractions(string text) => text
        .Replace(" 's", "'s", StringComparison.Ordinal)
        .Replace(" 've", "'ve", StringComparison.Ordinal)
        .Replace(" 're", "'re", StringComparison.Ordinal);
}
