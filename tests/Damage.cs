using System.Buffers.Binary;

namespace Gpux.Tests;

/// <summary>Damages good inputs: flips, overwrites, removes, repeats, joins or cuts, one to five times. For one thread.</summary>
/// <param name="headerBytes">Where the beginning of an input ends, which most of the damage is done to.</param>
/// <param name="words">What means something in the format.</param>
internal sealed class Damage(IReadOnlyList<byte[]> originals, int headerBytes = int.MaxValue, params byte[][] words)
{
    private const int MostChanges = 5;

    // Bytes that a change adds or repeats, and that one removes.
    private const int MostAdded = 64, MostRemoved = 16;

    private readonly int _mostAdded = words.Append(new byte[MostAdded]).Max(word => word.Length);
    private byte[] _bytes = [];

    private static ReadOnlySpan<byte> Edges => [0, 1, 0x7F, 0x80, 0xFF];

    /// <returns>A new input, valid until the next is made and at an address that it keeps; the one that it was made of by its place among
    /// the originals.</returns>
    public (ArraySegment<byte> Bytes, int Original) Next(Chance chance)
    {
        var which = chance.Next(originals.Count);
        return (Next(chance, originals[which]), which);
    }

    /// <summary>A damaged copy of an input, valid until the next is made and at an address that it keeps.</summary>
    public ArraySegment<byte> Next(Chance chance, byte[] original)
    {
        if (_bytes.Length < original.Length + MostChanges * _mostAdded)
            _bytes = GC.AllocateUninitializedArray<byte>(original.Length + MostChanges * _mostAdded, pinned: true);
        original.CopyTo(_bytes, 0);
        var length = original.Length;
        Span<byte> number = stackalloc byte[10];
        Span<byte> repeated = stackalloc byte[MostAdded];
        // Few rather than many: what is still whole leads on to more of the reader.
        for (var changes = 1 + Math.Min(chance.Next(MostChanges), chance.Next(MostChanges)); changes > 0 && length > 0; changes--)
        {
            var at = chance.Next(4) == 0 ? chance.Next(length) : chance.Next(Math.Min(length, headerBytes));
            switch (chance.Next(9))
            {
                case 0:
                    _bytes[at] ^= (byte)(1 << chance.Next(8));
                    break;
                case 1:
                    _bytes[at] = (byte)chance.Next(256);
                    break;
                case 2:
                    _bytes[at] = Edges[chance.Next(Edges.Length)];
                    break;
                case 3:
                    // Sizes at the edges of their types.
                    var edge = chance.Next(2) == 0 ? long.MaxValue >> chance.Next(64) : -1L << chance.Next(64);
                    if (chance.Next(2) == 0)
                        edge = BinaryPrimitives.ReverseEndianness(edge);
                    BinaryPrimitives.WriteInt64LittleEndian(number, edge);
                    var width = Math.Min(1 << chance.Next(4), length - at);
                    number[..width].CopyTo(_bytes.AsSpan(at));
                    break;
                case 4:
                    var removed = Math.Min(chance.Next(1, MostRemoved + 1), length - at);
                    _bytes.AsSpan(at + removed, length - at - removed).CopyTo(_bytes.AsSpan(at));
                    length -= removed;
                    break;
                case 5:
                    var again = repeated[..Math.Min(chance.Next(1, MostAdded + 1), length - at)];
                    _bytes.AsSpan(at, again.Length).CopyTo(again);
                    length = Insert(chance.Next(length), again, length);
                    break;
                case 6:
                    var other = originals[chance.Next(originals.Count)];
                    var from = chance.Next(other.Length);
                    length = Insert(at, other.AsSpan(from, Math.Min(chance.Next(1, MostAdded + 1), other.Length - from)), length);
                    break;
                case 7 when words.Length > 0:
                    length = Insert(at, words[chance.Next(words.Length)], length);
                    break;
                case 7:
                    length = Insert(at, number[..Varint(number, chance.NextBits() >> chance.Next(64))], length);
                    break;
                default:
                    if (chance.Next(4) == 0)
                        length = at;
                    break;
            }
        }
        return new ArraySegment<byte>(_bytes, 0, length);
    }

    private int Insert(int at, ReadOnlySpan<byte> added, int length)
    {
        _bytes.AsSpan(at, length - at).CopyTo(_bytes.AsSpan(at + added.Length));
        added.CopyTo(_bytes.AsSpan(at));
        return length + added.Length;
    }

    // Seven bits a byte, as protocol buffers write numbers.
    private static int Varint(Span<byte> target, ulong value)
    {
        var count = 0;
        for (; value >= 0x80; value >>= 7)
            target[count++] = (byte)(value | 0x80);
        target[count++] = (byte)value;
        return count;
    }
}
