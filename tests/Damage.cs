using System.Buffers.Binary;

namespace Gpux.Tests;

/// <summary>Damages good inputs: flips, overwrites, removes, repeats, joins or cuts, one to five times.</summary>
/// <param name="headerBytes">Where the beginning of an input ends, which most of the damage is done to.</param>
/// <param name="words">What means something in the format.</param>
internal sealed class Damage(IReadOnlyList<byte[]> originals, int headerBytes = int.MaxValue, params byte[][] words)
{
    private const int MostChanges = 5;

    // Bytes that a change adds or repeats, and that one removes.
    private const int MostAdded = 64, MostRemoved = 16;

    private static ReadOnlySpan<byte> Edges => [0, 1, 0x7F, 0x80, 0xFF];

    /// <returns>A new input; the one that it was made of by its place among the originals.</returns>
    public (ArraySegment<byte> Bytes, int Original) Next(Random random)
    {
        var which = random.Next(originals.Count);
        return (Next(random, originals[which]), which);
    }

    /// <summary>A damaged copy of an input.</summary>
    public ArraySegment<byte> Next(Random random, byte[] original)
    {
        var bytes = new byte[original.Length + MostChanges * MostAdded];
        original.CopyTo(bytes, 0);
        var length = original.Length;
        Span<byte> number = stackalloc byte[10];
        for (var changes = random.Next(1, MostChanges + 1); changes > 0 && length > 0; changes--)
        {
            var at = random.Next(4) == 0 ? random.Next(length) : random.Next(Math.Min(length, headerBytes));
            switch (random.Next(9))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = Edges[random.Next(Edges.Length)];
                    break;
                case 3:
                    // Sizes at the edges of their types.
                    var edge = random.Next(2) == 0 ? long.MaxValue >> random.Next(64) : -1L << random.Next(64);
                    if (random.Next(2) == 0)
                        edge = BinaryPrimitives.ReverseEndianness(edge);
                    BinaryPrimitives.WriteInt64LittleEndian(number, edge);
                    var width = Math.Min(1 << random.Next(4), length - at);
                    number[..width].CopyTo(bytes.AsSpan(at));
                    break;
                case 4:
                    var removed = Math.Min(random.Next(1, MostRemoved + 1), length - at);
                    bytes.AsSpan(at + removed, length - at - removed).CopyTo(bytes.AsSpan(at));
                    length -= removed;
                    break;
                case 5:
                    Insert(random.Next(length), bytes.AsSpan(at, Math.Min(random.Next(1, MostAdded + 1), length - at)).ToArray());
                    break;
                case 6:
                    var other = originals[random.Next(originals.Count)];
                    var from = random.Next(other.Length);
                    Insert(at, other.AsSpan(from, Math.Min(random.Next(1, MostAdded + 1), other.Length - from)));
                    break;
                case 7 when words.Length > 0:
                    Insert(at, words[random.Next(words.Length)]);
                    break;
                case 7:
                    Insert(at, number[..Varint(number, (ulong)random.NextInt64() >> random.Next(64))]);
                    break;
                default:
                    if (random.Next(4) == 0)
                        length = at;
                    break;
            }
        }
        return new ArraySegment<byte>(bytes, 0, length);

        void Insert(int at, ReadOnlySpan<byte> added)
        {
            bytes.AsSpan(at, length - at).CopyTo(bytes.AsSpan(at + added.Length));
            added.CopyTo(bytes.AsSpan(at));
            length += added.Length;
        }
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
