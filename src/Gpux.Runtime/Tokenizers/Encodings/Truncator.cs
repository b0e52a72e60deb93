namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Cuts token lists to length, as tokenizers 0.22 does.</summary>
internal static class Truncator
{
    private const int MostWindows = 1 << 20;

    /// <summary>How many tokens of each text stay.</summary>
    /// <param name="second">-1: there is no second text.</param>
    public static (int First, int Second) Lengths(int first, int second, int maximum, TruncationStrategy strategy)
    {
        var total = first + Math.Max(second, 0);
        if (maximum == 0)
            return (0, second < 0 ? second : 0);
        if (total <= maximum)
            return (first, second);
        var excess = total - maximum;
        switch (strategy)
        {
            case TruncationStrategy.OnlyFirst when first > excess:
                return (first - excess, second);
            case TruncationStrategy.OnlySecond when second > excess:
                return (first, second - excess);
            case TruncationStrategy.LongestFirst when second < 0:
                return (maximum, second);
            case TruncationStrategy.LongestFirst:
                var shorter = Math.Min(first, second);
                var longer = shorter > maximum ? shorter : Math.Max(shorter, maximum - shorter);
                if (shorter + longer > maximum)
                    (shorter, longer) = (maximum / 2, maximum / 2 + maximum % 2);
                return first > second ? (longer, shorter) : (shorter, longer);
            default:
                throw new TruncationException(second < 0 && strategy == TruncationStrategy.OnlySecond
                    ? "There is no second text to cut"
                    : $"{total} tokens cannot be cut to {maximum} by cutting only the {(strategy == TruncationStrategy.OnlyFirst ? "first" : "second")} text");
        }
    }

    /// <summary>The windows of a list of <paramref name="count"/> tokens; the first one is what stays.</summary>
    public static List<TextRange> Windows(int count, int length, int stride, TokenSide side, bool all)
    {
        if (length >= count)
            return [new TextRange(0, count)];
        if (length == 0)
            return all ? [default, new TextRange(0, count)] : [default];
        if (stride >= length)
            throw new TruncationException($"A stride of {stride} leaves no progress in windows of {length} tokens");
        if (all && (count - length) / (length - stride) > MostWindows)
            throw new TruncationException($"{count} tokens in windows of {length} that share {stride} are too many windows");
        var windows = new List<TextRange>();
        for (var moved = 0; ; moved += length - stride)
        {
            var window = side == TokenSide.Right
                ? new TextRange(moved, Math.Min(moved + length, count))
                : new TextRange(Math.Max(0, count - moved - length), count - moved);
            windows.Add(window);
            if (!all || (side == TokenSide.Right ? window.End == count : window.Start == 0))
                return windows;
        }
    }
}
