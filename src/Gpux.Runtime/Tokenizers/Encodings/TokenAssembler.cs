using Gpux.Runtime.Tokenizers.PostProcessors;

namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Truncates the texts of one encoding and puts them into the template.</summary>
internal sealed class TokenAssembler(
    PostProcessor processor, EncodeOptions options, int? modelMaxLength, TokenSide truncationSide, bool isPython, OffsetTrimmer.TextOf textOf)
{
    private const long MostOverflowTokens = 1 << 26;

    public TokenWindow Assemble(Span<TokenEntry> first, Span<TokenEntry> second, bool isPair)
    {
        var firstWindows = WholeText(first.Length);
        var secondWindows = WholeText(second.Length);
        if (options.Truncation is { } truncation && (truncation.MaxLength ?? modelMaxLength) is { } maximum)
        {
            var added = options.AddSpecialTokens ? processor.AddedTokens(isPair) : 0;
            // Where not even the added tokens have room, the reference cuts nothing.
            var room = maximum < added ? int.MaxValue : maximum - added;
            if (truncation.Stride < 0)
                throw new TruncationException("A stride cannot be negative");
            var side = truncation.Side ?? truncationSide;
            var (firstLength, secondLength) = isPython
                ? PythonTruncator.Lengths(first.Length, isPair ? second.Length : -1, maximum - added, truncation.Strategy)
                : Truncator.Lengths(first.Length, isPair ? second.Length : -1, room, truncation.Strategy);
            // The Python classes know no windows.
            var (stride, all) = isPython ? (0, false) : (truncation.Stride, truncation.ReturnOverflow);
            firstWindows = Truncator.Windows(first.Length, firstLength, stride, side, all);
            if (isPair)
                secondWindows = Truncator.Windows(second.Length, secondLength, stride, side, all);
        }
        var result = new TokenWindow(Fill(Cut(first, firstWindows[0]), Cut(second, secondWindows[0]), isPair, isOverflow: (false, false)));
        // The order is that of merging one text's windows after the other's.
        if (!isPair)
            secondWindows = WholeText(0);
        Guard(firstWindows, secondWindows);
        for (var i = 0; i < firstWindows.Count; i++)
        {
            for (var j = i == 0 ? 1 : 0; i > 0 && j < secondWindows.Count; j++)
                result.Overflow.Add(Fill(Cut(first, firstWindows[i]), Cut(second, secondWindows[j]), isPair, (true, j > 0)));
        }
        for (var j = 1; j < secondWindows.Count; j++)
            result.Overflow.Add(Fill(Cut(first, firstWindows[0]), Cut(second, secondWindows[j]), isPair, (false, true)));
        return result;
    }

    private static List<TextRange> WholeText(int length) => [new TextRange(0, length)];

    private static void Guard(List<TextRange> first, List<TextRange> second)
    {
        var tokens = (long)first.Count * second.Count * (first[0].End - first[0].Start + second[0].End - second[0].Start + 1L);
        if (tokens > MostOverflowTokens)
            throw new TruncationException($"{first.Count} windows of the first text and {second.Count} of the second are too many together");
    }

    private ReadOnlySpan<TokenEntry> Cut(ReadOnlySpan<TokenEntry> text, TextRange window)
    {
        var part = text[window.Start..window.End];
        if (!options.WithOffsets || processor.Trims.Length == 0)
            return part;
        // Windows share tokens, and whether a token is the first one differs between them.
        var cut = part.ToArray();
        foreach (var addedSpace in processor.Trims)
            OffsetTrimmer.Trim(cut, addedSpace, textOf);
        return cut;
    }

    private TokenRow Fill(ReadOnlySpan<TokenEntry> first, ReadOnlySpan<TokenEntry> second, bool isPair, (bool First, bool Second) isOverflow)
    {
        var row = new TokenRow(first.Length + second.Length + processor.AddedTokens(isPair));
        foreach (var part in processor.Template(isPair))
        {
            if (part.IsText)
            {
                var overflows = part.Sequence == 0 ? isOverflow.First : isOverflow.Second;
                foreach (ref var entry in row.Append(part.Sequence == 0 ? first : second))
                    entry = entry with { TypeId = TypeOf(part, overflows) };
            }
            else if (options.AddSpecialTokens && !(part.OnlyIfMissing && row.Count > 0 && row.Entries[^1].Id == part.Ids[^1]))
            {
                for (var i = 0; i < part.Ids.Length; i++)
                    row.Add(TokenEntry.Special(part.Ids[i], part.TypeId, part.Tokens[i]));
            }
        }
        return row;
    }

    // A window that was cut off never sees the template's types: so it does in the reference.
    private int TypeOf(TemplatePart part, bool overflows) =>
        isPython && !options.AddSpecialTokens ? 0
        : !overflows ? part.TypeId : processor.IsRoberta && options.AddSpecialTokens ? 0 : part.Sequence;
}
