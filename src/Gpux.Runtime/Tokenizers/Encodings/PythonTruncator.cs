namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>Cuts token lists to length as the Python classes do: what cannot be cut stays as it is.</summary>
/// <remarks>Source: transformers 4.57.1, truncate_sequences.</remarks>
internal static class PythonTruncator
{
    /// <param name="second">-1: there is no second text.</param>
    /// <param name="maximum">Without special tokens; may be negative.</param>
    public static (int First, int Second) Lengths(int first, int second, int maximum, TruncationStrategy strategy)
    {
        var excess = first + Math.Max(second, 0) - maximum;
        if (excess <= 0)
            return (first, second);
        if (strategy == TruncationStrategy.OnlySecond)
            return (first, second > excess ? second - excess : second);
        if (strategy == TruncationStrategy.OnlyFirst || second < 0)
            return (first > excess ? first - excess : first, second);
        var difference = Math.Min(Math.Abs(first - second), excess);
        var rest = excess - difference;
        var (fromFirst, fromSecond) = first > second ? (difference + rest / 2, rest - rest / 2) : (rest / 2, difference + rest - rest / 2);
        return (Math.Max(0, first - fromFirst), Math.Max(0, second - fromSecond));
    }
}
