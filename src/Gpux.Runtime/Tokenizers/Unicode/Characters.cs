namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Character properties. Each table is expanded at its first use: no tokenizer needs all of them.</summary>
internal static class Characters
{
    public static CharacterFlags Flags(int codePoint) => (CharacterFlags)FlagsTable.Table[codePoint];

    public static bool Has(int codePoint, CharacterFlags flag) => (Flags(codePoint) & flag) != 0;

    /// <summary>White_Space.</summary>
    public static bool IsWhiteSpace(int codePoint) =>
        codePoint < 0x80 ? codePoint == ' ' || (uint)(codePoint - 9) <= 4 : Has(codePoint, CharacterFlags.WhiteSpace);

    /// <summary>ASCII punctuation and symbols, or category P: what BERT and Punctuation split on.</summary>
    public static bool IsPunctuation(int codePoint) =>
        codePoint < 0x80 ? IsAsciiPunctuation(codePoint) : Has(codePoint, CharacterFlags.Punctuation);

    public static bool IsAsciiPunctuation(int c) =>
        (uint)(c - '!') <= '/' - '!' || (uint)(c - ':') <= '@' - ':' || (uint)(c - '[') <= '`' - '[' || (uint)(c - '{') <= '~' - '{';

    /// <summary>The general category in Unicode 16.</summary>
    public static GeneralCategory Category(int codePoint) => (GeneralCategory)CategoryTable.Table[codePoint];

    /// <summary>The canonical combining class in Unicode 9.</summary>
    public static byte CombiningClass(int codePoint) => codePoint < 0x300 ? (byte)0 : CombiningClassTable.Table[codePoint];

    /// <summary>The 1-based number of the script in <see cref="UnicodeData.ScriptNames"/> (Unicode 16); 0 is unassigned.</summary>
    public static byte Script(int codePoint) => ScriptTable.Table[codePoint];

    /// <summary>A number for the script in Unicode 9; 0 is unassigned.</summary>
    public static byte ScriptOfVersion9(int codePoint) => Script9Table.Table[codePoint];

    private static class FlagsTable
    {
        public static readonly CodePointTable Table = new(UnicodeData.Properties);
    }

    private static class CategoryTable
    {
        public static readonly CodePointTable Table = new(UnicodeData.GeneralCategories);
    }

    private static class CombiningClassTable
    {
        public static readonly CodePointTable Table = new(UnicodeData.CombiningClasses);
    }

    private static class ScriptTable
    {
        public static readonly CodePointTable Table = new(UnicodeData.Scripts);
    }

    private static class Script9Table
    {
        public static readonly CodePointTable Table = new(UnicodeData.ScriptsOfVersion9);
    }
}
