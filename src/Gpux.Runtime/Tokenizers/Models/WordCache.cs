namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The tokens of short pieces seen before, in bounded memory; a new piece takes the place of an old one.</summary>
internal sealed class WordCache
{
    public const int LongestWord = 48; // bytes
    private const int MostTokens = 8;
    private const int Slots = 1 << 13;
    private const int WordStride = LongestWord;
    private readonly Slot[] _slots = new Slot[Slots];
    private readonly byte[] _words = new byte[Slots * WordStride];
    private readonly TokenList.Token[] _tokens = new TokenList.Token[Slots * MostTokens];

    /// <summary>Adds the tokens of a piece if they are known.</summary>
    public bool TryGet(ReadOnlySpan<byte> word, ulong hash, TokenList tokens)
    {
        var index = (int)hash & (Slots - 1);
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
        var index = (int)hash & (Slots - 1);
        word.CopyTo(_words.AsSpan(index * WordStride));
        tokens.CopyTo(_tokens.AsSpan(index * MostTokens));
        _slots[index] = new Slot(hash, (byte)word.Length, (byte)tokens.Length);
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
