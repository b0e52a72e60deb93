using System.Buffers.Binary;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;
using Utf8 = Gpux.Runtime.Tokenizers.Unicode.Utf8;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>SentencePiece's compiled character map: a double-array trie of sequences and the text that replaces them.</summary>
/// <remarks>Source: sentencepiece 0.2, normalizer.h and darts; the way it is applied is that of tokenizers 0.22.</remarks>
internal sealed class PrecompiledNormalizer : Normalizer
{
    private const int LongestCluster = 5; // bytes of a grapheme cluster that is looked up as a whole
    private readonly uint[] _trie;
    private readonly byte[] _replacements; // ended by 0 each
    private readonly ulong _plainAscii0;
    private readonly ulong _plainAscii1;

    private PrecompiledNormalizer(uint[] trie, byte[] replacements)
    {
        _trie = trie;
        _replacements = replacements;
        for (byte c = 0; c < 128; c++)
        {
            if (Find([c]) >= 0)
                continue;
            if (c < 64)
                _plainAscii0 |= 1UL << c;
            else
                _plainAscii1 |= 1UL << (c - 64);
        }
    }

    /// <returns>Null if the map is damaged.</returns>
    public static PrecompiledNormalizer? Read(ReadOnlySpan<byte> map)
    {
        if (map.Length < 4)
            return null;
        var size = BinaryPrimitives.ReadUInt32LittleEndian(map) / sizeof(uint);
        if (size == 0 || size > (map.Length - 4) / sizeof(uint))
            return null;
        var trie = new uint[size];
        for (var i = 0; i < trie.Length; i++)
            trie[i] = BinaryPrimitives.ReadUInt32LittleEndian(map[(4 + i * sizeof(uint))..]);
        var replacements = map[(4 + trie.Length * sizeof(uint))..].ToArray();
        return System.Text.Unicode.Utf8.IsValid(replacements) ? new PrecompiledNormalizer(trie, replacements) : null;
    }

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        var bytes = text.Bytes;
        var plain = PlainPrefix(bytes);
        if (plain == bytes.Length)
            return;
        text.Begin();
        for (var i = 0; i < bytes.Length;)
        {
            var run = PlainPrefix(bytes[i..]);
            if (run > 0)
            {
                text.EmitUnchanged(bytes.Slice(i, run));
                i += run;
                continue;
            }
            var end = Graphemes.End(bytes, i);
            if (end - i <= LongestCluster && Find(bytes[i..end]) is var whole and >= 0)
            {
                Replace(text, bytes[i..end], whole);
                i = end;
                continue;
            }
            while (i < end)
            {
                var start = i;
                var c = Utf8.Next(bytes, ref i);
                if (Find(bytes[start..i]) is var replacement and >= 0)
                    Replace(text, bytes[start..i], replacement);
                else
                    text.Emit(c, 0);
            }
        }
        text.Commit();
    }

    // ASCII that the map leaves alone. The last one may start a cluster with what follows, so it is left to the caller.
    private int PlainPrefix(ReadOnlySpan<byte> text)
    {
        var i = 0;
        while (i < text.Length && text[i] < 0x80
            && ((text[i] < 64 ? _plainAscii0 >> text[i] : _plainAscii1 >> (text[i] - 64)) & 1) != 0)
            i++;
        return i == text.Length || i == 0 ? i : i - 1;
    }

    /// <summary>Looks for the longest sequence that the map has and <paramref name="text"/> starts with.</summary>
    /// <param name="length">Bytes of the sequence.</param>
    public bool FindLongest(ReadOnlySpan<byte> text, out int length, out ReadOnlySpan<byte> replacement)
    {
        length = 0;
        replacement = [];
        var node = Offset(_trie[0]);
        for (var i = 0; i < text.Length && text[i] != 0; i++)
        {
            node ^= text[i];
            if (node >= (uint)_trie.Length)
                break;
            var unit = _trie[node];
            if ((unit & 0x800000FF) != text[i])
                break;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 0)
                continue;
            if (node >= (uint)_trie.Length)
                break;
            var value = _trie[node] & 0x7FFFFFFF;
            // Only whole characters, whatever a damaged map says.
            if (value >= (uint)_replacements.Length || (_replacements[value] & 0xC0) == 0x80 || (i + 1 < text.Length && (text[i + 1] & 0xC0) == 0x80))
                continue;
            length = i + 1;
            replacement = ContentAt((int)value);
        }
        return length > 0;
    }

    private ReadOnlySpan<byte> ContentAt(int replacement)
    {
        var length = _replacements.AsSpan(replacement).IndexOf((byte)0);
        return length < 0 ? _replacements.AsSpan(replacement) : _replacements.AsSpan(replacement, length);
    }

    private void Replace(AlignedText text, ReadOnlySpan<byte> old, int replacement)
    {
        var content = ContentAt(replacement);
        var oldCount = Utf8.Count(old);
        var count = Utf8.Count(content);
        for (var (i, n) = (0, 0); i < content.Length; n++)
            text.Emit(Utf8.Next(content, ref i), n < oldCount ? 0 : 1);
        if (count < oldCount)
            text.AdjustLast(count - oldCount);
    }

    /// <summary>Where the replacement of the shortest sequence starts that <paramref name="key"/> begins with; -1: none.</summary>
    private int Find(ReadOnlySpan<byte> key)
    {
        var node = Offset(_trie[0]);
        foreach (var b in key)
        {
            if (b == 0)
                break;
            node ^= b;
            if (node >= (uint)_trie.Length)
                return -1;
            var unit = _trie[node];
            if ((unit & 0x800000FF) != b)
                return -1;
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 0)
                continue;
            if (node >= (uint)_trie.Length)
                return -1;
            var value = _trie[node] & 0x7FFFFFFF;
            return value < (uint)_replacements.Length && (_replacements[value] & 0xC0) != 0x80 ? (int)value : -1;
        }
        return -1;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
