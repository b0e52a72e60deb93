namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The tokens of short pieces seen before, in bounded memory; a new piece takes the place of an old one.</summary>
internal sealed class WordCache
{
    public const int LongestWord = 48; // bytes
    private const int MostTokens = 8;
    private const int FewestSlots = 1 << 8; // a short text must not pay for a large table
    private const int MostSlots = 1 << 14;
    private const int Growth = 4;
    private const int WordStride = LongestWord;
    private Slot[] _slots = [];
    private byte[] _words = [];
    private TokenList.Token[] _tokens = [];
    private int _additions;

    public WordCache() => Allocate(FewestSlots);

    /// <summary>Adds the tokens of a piece if they are known.</summary>
    public bool TryGet(ReadOnlySpan<byte> word, ulong hash, TokenList tokens)
    {
        var index = (int)hash & (_slots.Length - 1);
        ref var slot = ref _slots[index];
        if (slot.Hash != hash || slot.Length != word.Length || !word.SequenceEqual(_words.AsSpan(index * WordStride, word.Length)))
            return false;
        tokens.Add(_tokens.AsSpan(index * MostTokens, slot.Tokens));
        return true;
    }

    public void Set(ReadOnlySpan<byte> word, ulong hash, ReadOnlySpan<TokenList.Token> tokens)
    {
        if (tokens.Length > MostTokens)
            return;
        // What it held is not moved: words that matter come again.
        if (++_additions > _slots.Length && _slots.Length < MostSlots)
            Allocate(_slots.Length * Growth);
        var index = (int)hash & (_slots.Length - 1);
        word.CopyTo(_words.AsSpan(index * WordStride));
        tokens.CopyTo(_tokens.AsSpan(index * MostTokens));
        _slots[index] = new Slot(hash, (byte)word.Length, (byte)tokens.Length);
    }

    private void Allocate(int slots)
    {
        _slots = new Slot[slots];
        _words = new byte[slots * WordStride];
        _tokens = new TokenList.Token[slots * MostTokens];
        _additions = 0;
    }

    /// <summary>Eight bytes at a time; collisions cost a comparison and are otherwise harmless.</summary>
    public static ulong Hash(ReadOnlySpan<byte> word)
    {
        const ulong Factor = 0x9E3779B97F4A7C15;
        var hash = (ulong)word.Length * Factor;
        while (word.Length >= sizeof(ulong))
        {
            hash = (hash ^ System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(word)) * Factor;
            hash ^= hash >> 32;
            word = word[sizeof(ulong)..];
        }
        ulong last = 0;
        foreach (var b in word)
            last = (last << 8) | b;
        hash = (hash ^ last) * Factor;
        return hash ^ (hash >> 29);
    }

    private readonly record struct Slot(ulong Hash, byte Length, byte Tokens);
}
