using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>SentencePiece's own normalization: its character map, spaces written as U+2581, one in front, none at the ends.</summary>
/// <remarks>Source: sentencepiece 0.2.0, normalizer.cc. Offsets follow the characters; the original has none in this place.</remarks>
internal sealed class SentencePieceNormalizer(SentencePieceFile file, PrecompiledNormalizer? map, AddedTokenMatcher? symbols) : Normalizer
{
    private const int Metaspace = 0x2581;
    private readonly int _space = file.EscapeWhitespaces ? Metaspace : ' ';

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        var bytes = text.Bytes;
        var writer = new Writer(text, _space, file.RemoveExtraWhitespaces);
        text.Begin();
        var position = 0;
        if (file.RemoveExtraWhitespaces)
        {
            while (position < bytes.Length && PrefixOf(bytes[position..], out var length).SequenceEqual(" "u8))
                position += length;
        }
        var skipped = Utf8.Count(bytes[..position]);
        if (position < bytes.Length && file.AddDummyPrefix && !file.SpaceIsSuffix)
            writer.Insert();
        while (position < bytes.Length)
        {
            var normal = PrefixOf(bytes[position..], out var length);
            writer.Replace(Utf8.Count(bytes.Slice(position, length)), normal);
            position += length;
        }
        if (text.HasEmitted && file.AddDummyPrefix && file.SpaceIsSuffix)
            writer.Insert();
        text.Commit(skipped);
        if (file.RemoveExtraWhitespaces)
            text.TrimEnd(_space == ' ' ? " "u8 : "▁"u8, keepsLast: file.AddDummyPrefix && file.SpaceIsSuffix);
    }

    // What the text starts with becomes, and how many bytes of it that is.
    private ReadOnlySpan<byte> PrefixOf(ReadOnlySpan<byte> text, out int length)
    {
        if (symbols is not null && symbols.LongestAt(text, out length) >= 0)
            return text[..length];
        if (map is not null && map.FindLongest(text, out length, out var replacement))
            return replacement;
        length = Utf8.LengthOf(text[0]);
        return text[..length];
    }

    /// <summary>Writes characters, and keeps account of the old ones that they stand for.</summary>
    private ref struct Writer(AlignedText text, int space, bool removesExtra)
    {
        private readonly bool _removesExtra = removesExtra;
        private bool _afterSpace = removesExtra;
        private int _pending; // old characters that became nothing

        public readonly void Insert() => text.Emit(space, 1);

        public void Replace(int oldCharacters, ReadOnlySpan<byte> normal)
        {
            while (_afterSpace && normal.StartsWith((byte)' '))
                normal = normal[1..];
            for (var (i, n) = (0, 0); i < normal.Length; n++)
            {
                var c = Utf8.Next(normal, ref i);
                text.Emit(c == ' ' ? space : c, n == 0 ? -(_pending + oldCharacters - 1) : 1);
                _afterSpace = c == ' ' && _removesExtra;
            }
            _pending = normal.IsEmpty ? _pending + oldCharacters : 0;
        }
    }
}
