namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Simple lower case (Unicode 17) and simple case folding (Unicode 16).</summary>
internal static class CaseMapping
{
    /// <summary>The only character whose full lower case is longer than one character: i and a combining dot.</summary>
    public const int CapitalIWithDot = 0x130;

    public const int CombiningDotAbove = 0x307;

    public static int ToLower(int codePoint) =>
        codePoint < 0x80 ? (uint)(codePoint - 'A') <= 'Z' - 'A' ? codePoint | 0x20 : codePoint : Lower.Map.Find(codePoint);

    /// <summary>All pairs of a character and what it folds to, where that is another one.</summary>
    public static IReadOnlyList<(int From, int To)> Foldings => Folding.Map.Pairs;

    private static class Lower
    {
        public static readonly CodePointMap Map = new(UnicodeData.Lowercase);
    }

    private static class Folding
    {
        public static readonly CodePointMap Map = new(UnicodeData.CaseFolding);
    }
}
