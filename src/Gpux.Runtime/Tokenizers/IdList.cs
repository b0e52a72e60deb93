namespace Gpux.Runtime.Tokenizers;

/// <summary>A growing list of token ids that a caller keeps and clears instead of allocating anew.</summary>
public sealed class IdList
{
    private int[] _ids = new int[256];

    /// <summary>How many ids there are.</summary>
    public int Count { get; private set; }

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int id) => Extend(1)[0] = id;

    /// <summary>Adds <paramref name="count"/> ids that the caller writes.</summary>
    internal Span<int> Extend(int count)
    {
        if (Count + count > _ids.Length)
            Array.Resize(ref _ids, Math.Max(Count + count, _ids.Length * 2));
        Count += count;
        return _ids.AsSpan(Count - count, count);
    }
}
