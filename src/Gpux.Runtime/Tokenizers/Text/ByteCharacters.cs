namespace Gpux.Runtime.Tokenizers.Text;

/// <summary>The 256 printable characters by which byte-level vocabularies write bytes.</summary>
/// <remarks>Source: GPT-2's encoder: printable Latin-1 stands for itself, the others follow from U+0100 on in order.</remarks>
internal static class ByteCharacters
{
    private const int FirstSubstitute = 0x100;
    private const int SubstituteCount = 68;

    public static int ToCharacter(byte value) => value switch
    {
        < 0x21 => FirstSubstitute + value,
        < 0x7F => value,
        < 0xA1 => FirstSubstitute + 0x21 + (value - 0x7F),
        0xAD => FirstSubstitute + SubstituteCount - 1,
        _ => value,
    };

    /// <returns>The byte, or -1 if the character stands for none.</returns>
    public static int ToByte(int character) => character switch
    {
        < 0x21 => -1,
        < 0x7F => character,
        < 0xA1 or 0xAD => -1,
        < 0x100 => character,
        < FirstSubstitute + 0x21 => character - FirstSubstitute,
        < FirstSubstitute + SubstituteCount - 1 => character - FirstSubstitute - 0x21 + 0x7F,
        FirstSubstitute + SubstituteCount - 1 => 0xAD,
        _ => -1,
    };
}
