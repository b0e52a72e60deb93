using System.Numerics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Tokens and their ids: one block of UTF-8 and a hash table, no object a token.</summary>
internal sealed class Vocabulary
{
    private const int MaximumId = 1 << 24; // a table has an entry for each id
    private const int MaximumProbes = 4096;

    // Chosen at start-up, so that no file can be made whose tokens collide.
    private static readonly ulong Multiplier = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    private byte[] _bytes;
    private int _used;
    private Entry[] _entries;
    private int[] _slots; // 1-based indices of entries; 0: free
    private int[] _byId = []; // 1-based indices of entries; 0: none

    /// <param name="tokens">How many are expected.</param>
    public Vocabulary(int tokens = 1024)
    {
        _bytes = new byte[Math.Max(64, tokens * 8)];
        _entries = new Entry[Math.Max(16, tokens)];
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)_entries.Length * 2)];
    }

    /// <summary>How many different tokens there are.</summary>
    public int Count { get; private set; }

    /// <summary>The highest id, or -1.</summary>
    public int LastId { get; private set; } = -1;

    /// <summary>The longest token, in bytes.</summary>
    public int LongestToken { get; private set; }

    /// <summary>Adds a token, or gives the one that is there another id. The last token of an id is the one it stands for.</summary>
    /// <exception cref="InvalidDataException">The id is out of bounds, or tokens collide beyond reason.</exception>
    public void Add(ReadOnlySpan<byte> token, int id)
    {
        if ((uint)id > MaximumId)
            throw new InvalidDataException($"the id {id} is not between 0 and {MaximumId}");
        var hash = Hash(token);
        var slot = FindSlot(token, hash);
        var index = _slots[slot] - 1;
        if (index < 0)
        {
            if (Count == _entries.Length)
            {
                Grow();
                slot = FindSlot(token, hash);
            }
            if (_used + token.Length > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(_used + token.Length, (int)Math.Min(_bytes.Length * 2L, Array.MaxLength)));
            token.CopyTo(_bytes.AsSpan(_used));
            index = Count++;
            _entries[index] = new Entry(hash, _used, token.Length, id);
            _slots[slot] = index + 1;
            _used += token.Length;
            LongestToken = Math.Max(LongestToken, token.Length);
        }
        else
        {
            _entries[index] = _entries[index] with { Id = id };
        }
        if (id >= _byId.Length)
            Array.Resize(ref _byId, Math.Max(id + 1, Math.Max(_entries.Length, Math.Min(_byId.Length * 2, MaximumId + 1))));
        _byId[id] = index + 1;
        LastId = Math.Max(LastId, id);
    }

    /// <returns>The token's id, or -1.</returns>
    public int Find(ReadOnlySpan<byte> token) => Find(token, Hash(token));

    /// <param name="hash">What <see cref="Hash"/> or a <see cref="RollingHash"/> says of the token.</param>
    public int Find(ReadOnlySpan<byte> token, uint hash)
    {
        var mask = _slots.Length - 1;
        for (var slot = (int)hash & mask; ; slot = (slot + 1) & mask)
        {
            var index = _slots[slot] - 1;
            if (index < 0)
                return -1;
            ref var entry = ref _entries[index];
            if (entry.Hash == hash && entry.Length == token.Length && token.SequenceEqual(_bytes.AsSpan(entry.Start, entry.Length)))
                return entry.Id;
        }
    }

    /// <returns>The token's UTF-8, or nothing if there is no such id.</returns>
    public ReadOnlySpan<byte> TokenOf(int id)
    {
        if ((uint)id >= (uint)_byId.Length || _byId[id] == 0)
            return default;
        ref var entry = ref _entries[_byId[id] - 1];
        return _bytes.AsSpan(entry.Start, entry.Length);
    }

    public bool Contains(int id) => (uint)id < (uint)_byId.Length && _byId[id] != 0;

    public static uint Hash(ReadOnlySpan<byte> token)
    {
        // The multiplier is read once: precompiled code checks at every read whether it is initialised.
        var multiplier = Multiplier;
        var state = 0UL;
        foreach (var b in token)
            state = (state + b + 1) * multiplier;
        return RollingHash.Finish(state);
    }

    private int FindSlot(ReadOnlySpan<byte> token, uint hash)
    {
        var mask = _slots.Length - 1;
        var slot = (int)hash & mask;
        for (var probes = 0; _slots[slot] != 0; probes++, slot = (slot + 1) & mask)
        {
            ref var entry = ref _entries[_slots[slot] - 1];
            if (entry.Hash == hash && entry.Length == token.Length && token.SequenceEqual(_bytes.AsSpan(entry.Start, entry.Length)))
                return slot;
            if (probes > MaximumProbes)
                throw new InvalidDataException("its tokens collide beyond reason");
        }
        return slot;
    }

    private void Grow()
    {
        Array.Resize(ref _entries, _entries.Length * 2);
        _slots = new int[_slots.Length * 2];
        var mask = _slots.Length - 1;
        for (var i = 0; i < Count; i++)
        {
            var slot = (int)_entries[i].Hash & mask;
            while (_slots[slot] != 0)
                slot = (slot + 1) & mask;
            _slots[slot] = i + 1;
        }
    }

    /// <summary>The hash of all prefixes of a token, byte by byte.</summary>
    internal struct RollingHash
    {
        private ulong _state;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(byte value) => _state = (_state + value + 1) * Multiplier;

        public readonly uint Value => Finish(_state);

        public static uint Finish(ulong state) => (uint)((state ^ (state >> 29)) * 0x9E3779B97F4A7C15 >> 32);
    }

    private readonly record struct Entry(uint Hash, int Start, int Length, int Id);
}
