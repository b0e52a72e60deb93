namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Extended grapheme clusters of UAX #29 (Unicode 16).</summary>
/// <remarks>Without rule GB9c: it joins only Indic conjuncts of six bytes and more, which no character map holds.</remarks>
internal static class Graphemes
{
    private const byte CR = 1, LF = 2, Control = 3, Extend = 4, Zwj = 5, RegionalIndicator = 6, Prepend = 7, SpacingMark = 8;
    private const byte L = 9, V = 10, T = 11, LV = 12, LVT = 13;
    private const byte ValueMask = 0x0F, Pictograph = 0x10;

    /// <summary>The end of the cluster that starts at <paramref name="start"/>.</summary>
    public static int End(ReadOnlySpan<byte> text, int start)
    {
        var table = BreakTable.Table;
        var position = start;
        var left = table[Utf8.Next(text, ref position)];
        var pictograph = (left & Pictograph) != 0; // so far the cluster is a pictograph and what extends it
        var indicators = (left & ValueMask) == RegionalIndicator ? 1 : 0;
        while (position < text.Length)
        {
            var next = position;
            var right = table[Utf8.Next(text, ref next)];
            if (!Joins((byte)(left & ValueMask), right, pictograph, indicators))
                break;
            var value = (byte)(right & ValueMask);
            indicators = value == RegionalIndicator ? indicators + 1 : 0;
            pictograph = (right & Pictograph) != 0 || (pictograph && value is Extend or Zwj);
            left = right;
            position = next;
        }
        return position;
    }

    private static bool Joins(byte left, byte rightEntry, bool pictograph, int indicators)
    {
        var right = (byte)(rightEntry & ValueMask);
        if (left is CR or LF or Control || right is CR or LF or Control)
            return left == CR && right == LF;
        if (right is Extend or Zwj or SpacingMark || left == Prepend)
            return true;
        return left switch
        {
            L => right is L or V or LV or LVT,
            LV or V => right is V or T,
            LVT or T => right is T,
            Zwj => pictograph && (rightEntry & Pictograph) != 0,
            RegionalIndicator => right == RegionalIndicator && indicators % 2 == 1,
            _ => false,
        };
    }

    private static class BreakTable
    {
        public static readonly CodePointTable Table = new(UnicodeData.GraphemeBreaks);
    }
}
