namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>All that is known of one token of an encoding.</summary>
/// <param name="Word">-1: of no word.</param>
/// <param name="Sequence">0: of the first text; 1: of the second; -1: of none.</param>
/// <param name="Text">How the token is written, where that is not what its id stands for.</param>
internal readonly record struct TokenEntry(
    int Id, int TypeId, TextRange Offsets, TextRange CodePoints, int Word, int Sequence, bool IsSpecial, bool IsPadding, string? Text)
{
    /// <summary>A token that no part of a text stands behind.</summary>
    public static TokenEntry Special(int id, int typeId, string? text, bool isPadding = false) =>
        new(id, typeId, default, default, -1, -1, true, isPadding, text);
}
