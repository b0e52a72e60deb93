namespace Gpux.Runtime.Generation;

/// <summary>Rows of token ids, padded to one length.</summary>
public sealed class TokenBatch
{
    private readonly int[] _ids;
    private readonly bool[]? _attended;

    /// <param name="ids">Row after row, <paramref name="rows"/> times <paramref name="length"/>.</param>
    /// <param name="attended">False where an id only pads; of the same size. Null: not known.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public TokenBatch(int rows, int length, int[] ids, bool[]? attended = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (ids.Length != (long)rows * length || attended is not null && attended.Length != ids.Length)
            throw new ArgumentException($"{rows} rows of {length} tokens need {(long)rows * length} ids, got {ids.Length}.", nameof(ids));
        (Rows, Length, _ids, _attended) = (rows, length, ids, attended);
    }

    public int Rows { get; }

    /// <summary>The tokens of each row, padding included.</summary>
    public int Length { get; }

    /// <summary>Row after row, true where an id is meant and false where it pads; empty if that is not known.</summary>
    public ReadOnlySpan<bool> Attended => _attended;

    /// <summary>All ids, row after row.</summary>
    public ReadOnlySpan<int> Ids => _ids;

    public ReadOnlySpan<int> this[int row] => _ids.AsSpan(row * Length, Length);

    /// <summary>One row without padding.</summary>
    public static TokenBatch Of(ReadOnlySpan<int> ids)
    {
        var attended = new bool[ids.Length];
        attended.AsSpan().Fill(true);
        return new TokenBatch(1, ids.Length, ids.ToArray(), attended);
    }

    /// <summary>Rows of any lengths, padded on the left: what decoder-only models continue.</summary>
    public static TokenBatch LeftPadded(IReadOnlyList<int[]> rows, int padTokenId)
    {
        var length = 0;
        foreach (var row in rows)
            length = Math.Max(length, row.Length);
        var ids = new int[checked(rows.Count * length)];
        var attended = new bool[ids.Length];
        for (var i = 0; i < rows.Count; i++)
        {
            var start = (i + 1) * length - rows[i].Length;
            ids.AsSpan(i * length, start - i * length).Fill(padTokenId);
            rows[i].CopyTo(ids, start);
            attended.AsSpan(start, rows[i].Length).Fill(true);
        }
        return new TokenBatch(rows.Count, length, ids, attended);
    }
}
