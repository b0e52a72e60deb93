using System.Numerics;
using System.Security.Cryptography;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Which two tokens merge into which, and in what order of preference.</summary>
internal sealed class MergeTable
{
    private const int MaximumProbes = 4096;

    // Chosen at start-up, so that no file can be made whose pairs collide.
    private static readonly ulong Multiplier = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)) | 1;

    private Entry[] _entries;
    private int _shift;
    private int _count;

    /// <param name="merges">How many are expected.</param>
    public MergeTable(int merges)
    {
        _entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, merges) * 2)];
        _shift = 64 - BitOperations.Log2((uint)_entries.Length);
    }

    /// <summary>Adds a merge; of equal pairs the last one counts.</summary>
    /// <param name="rank">Lower ones merge first.</param>
    /// <exception cref="InvalidDataException">Pairs collide beyond reason.</exception>
    public void Add(int left, int right, int rank, int result)
    {
        if (_count * 2 >= _entries.Length)
            Grow();
        ref var entry = ref FindSlot(Key(left, right));
        if (entry.Key == 0)
            _count++;
        entry = new Entry(Key(left, right), rank, result);
    }

    /// <param name="result">The token that both become.</param>
    /// <returns>The merge's rank, or <see cref="int.MaxValue"/> if the two do not merge.</returns>
    public int Find(int left, int right, out int result)
    {
        var key = Key(left, right);
        var mask = _entries.Length - 1;
        for (var slot = Slot(key); ; slot = (slot + 1) & mask)
        {
            ref var entry = ref _entries[slot];
            if (entry.Key == key)
            {
                result = entry.Result;
                return entry.Rank;
            }
            if (entry.Key == 0)
            {
                result = -1;
                return int.MaxValue;
            }
        }
    }

    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    private int Slot(ulong key) => (int)((key ^ (key >> 31)) * Multiplier >> _shift);

    private ref Entry FindSlot(ulong key)
    {
        var mask = _entries.Length - 1;
        var slot = Slot(key);
        for (var probes = 0; _entries[slot].Key != 0 && _entries[slot].Key != key; probes++, slot = (slot + 1) & mask)
        {
            if (probes > MaximumProbes)
                throw new InvalidDataException("its merges collide beyond reason");
        }
        return ref _entries[slot];
    }

    private void Grow()
    {
        var old = _entries;
        _entries = new Entry[old.Length * 2];
        _shift--;
        foreach (var entry in old)
        {
            if (entry.Key != 0)
                FindSlot(entry.Key) = entry;
        }
    }

    private readonly record struct Entry(ulong Key, int Rank, int Result);
}
