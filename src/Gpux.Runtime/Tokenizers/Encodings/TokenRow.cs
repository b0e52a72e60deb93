namespace Gpux.Runtime.Tokenizers.Encodings;

/// <summary>A growing list of tokens.</summary>
internal sealed class TokenRow(int capacity = 64)
{
    private TokenEntry[] _entries = new TokenEntry[capacity];

    public int Count { get; private set; }

    public Span<TokenEntry> Entries => _entries.AsSpan(0, Count);

    public void Clear()
    {
        // Texts would otherwise be kept alive.
        Entries.Clear();
        Count = 0;
    }

    public void Add(in TokenEntry entry)
    {
        Reserve(1);
        _entries[Count++] = entry;
    }

    public Span<TokenEntry> Append(ReadOnlySpan<TokenEntry> entries)
    {
        Reserve(entries.Length);
        var added = _entries.AsSpan(Count, entries.Length);
        entries.CopyTo(added);
        Count += entries.Length;
        return added;
    }

    private void Reserve(int more)
    {
        if (Count + more > _entries.Length)
            Array.Resize(ref _entries, Math.Max(Count + more, _entries.Length * 2));
    }
}
