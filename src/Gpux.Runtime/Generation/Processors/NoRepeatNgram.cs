namespace Gpux.Runtime.Generation.Processors;

/// <summary>Removes tokens that would complete a sequence of n tokens for the second time (NoRepeatNGramLogitsProcessor).</summary>
internal sealed class NoRepeatNgram(int size) : ILogitsProcessor
{
    public void Process(in LogitsRow row) => Remove(row, row.Ids, size);

    /// <summary>Removes each token that follows the row's last n - 1 tokens somewhere in <paramref name="text"/>.</summary>
    internal static void Remove(in LogitsRow row, ReadOnlySpan<int> text, int size)
    {
        if (row.Ids.Length < size - 1)
            return;
        var prefix = row.Ids[(row.Ids.Length - (size - 1))..];
        for (var start = 0; start <= text.Length - size; start++)
        {
            var next = text[start..^(size - 1)].IndexOf(size == 1 ? text[start] : prefix[0]);
            if (next < 0)
                return;
            start += next;
            var token = text[start + size - 1];
            if (text.Slice(start, size - 1).SequenceEqual(prefix) && (uint)token < (uint)row.Scores.Length)
                row.Scores[token] = float.NegativeInfinity;
        }
    }
}
