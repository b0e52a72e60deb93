using System.Globalization;
using Gpux.Runtime.Tokenizers.Decoders;
using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>Joins pieces as the sentencepiece library does, and leaves special tokens as they are.</summary>
/// <remarks>Source: sentencepiece 0.2.0, SentencePieceProcessor::Decode; convert_tokens_to_string of the classes in transformers 4.57.1.</remarks>
/// <param name="pieces">Every piece with its place in the file as its id.</param>
internal sealed class SentencePieceDecoder(SentencePieceFile file, Vocabulary pieces, IReadOnlySet<string> special, SpecialSpacing spacing) : Decoder
{
    private readonly byte[] _unknownSurface = System.Text.Encoding.UTF8.GetBytes(file.UnknownSurface);
    private readonly bool _dropsFirstSpace = file.AddDummyPrefix || file.RemoveExtraWhitespaces;

    public override bool Holds(ReadOnlySpan<byte> token) => TypeOf(token) == PieceType.Byte;

    public override void Decode(TokenTexts texts)
    {
        var run = new Run(this);
        var afterSpecial = false;
        for (var i = 0; i < texts.Count; i++)
        {
            var isSpecial = special.Contains(System.Text.Encoding.UTF8.GetString(texts[i]));
            if (!isSpecial)
            {
                run.Add(texts[i]);
            }
            else
            {
                if (spacing == SpecialSpacing.BeforeText && !afterSpecial)
                    texts.Write((byte)' ');
                run.End(texts);
                texts.Write(texts[i]);
                if (spacing == SpecialSpacing.Behind)
                    texts.Write((byte)' ');
            }
            afterSpecial = isSpecial;
        }
        run.End(texts);
        texts.End();
        texts.Commit();
        var text = System.Text.Encoding.UTF8.GetString(texts.Joined);
        texts.Write(System.Text.Encoding.UTF8.GetBytes(PythonText.Strip(spacing == SpecialSpacing.Behind ? text.Replace('▁', ' ') : text)));
        texts.End();
        texts.Commit();
    }

    // Unknown for what is no piece.
    private PieceType TypeOf(ReadOnlySpan<byte> token) => pieces.Find(token) is var id and >= 0 ? file.TypeOf(id) : PieceType.Unknown;

    /// <summary>Pieces between special tokens.</summary>
    private sealed class Run(SentencePieceDecoder decoder)
    {
        private readonly List<byte> _text = [];
        private readonly List<byte> _bytes = [];
        private bool _sawFirstSpace;

        public void Add(ReadOnlySpan<byte> piece)
        {
            var type = decoder.TypeOf(piece);
            if (type == PieceType.Byte && piece.Length == 6 && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                _bytes.Add(value);
                return;
            }
            EndBytes();
            if (type == PieceType.Control)
                return;
            if (type == PieceType.Unknown)
            {
                _text.AddRange(decoder.IsUnknownPiece(piece) ? decoder._unknownSurface : piece);
                return;
            }
            if (decoder._dropsFirstSpace && _text.Count == 0 && !_sawFirstSpace && piece.StartsWith("▁"u8))
            {
                piece = piece["▁"u8.Length..];
                _sawFirstSpace = !decoder.RemovesExtra;
            }
            for (var i = 0; i < piece.Length;)
            {
                var isSpace = piece[i..].StartsWith("▁"u8);
                _text.Add(isSpace ? (byte)' ' : piece[i]);
                i += isSpace ? "▁"u8.Length : 1;
            }
        }

        public void End(TokenTexts texts)
        {
            EndBytes();
            texts.Write(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_text));
            _text.Clear();
            _sawFirstSpace = false;
        }

        private void EndBytes()
        {
            if (_bytes.Count == 0)
                return;
            _text.AddRange(System.Text.Encoding.UTF8.GetBytes(System.Text.Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_bytes))));
            _bytes.Clear();
        }
    }

    private bool RemovesExtra => file.RemoveExtraWhitespaces;

    private bool IsUnknownPiece(ReadOnlySpan<byte> piece) => piece.SequenceEqual(file.TextOf(file.UnknownId));
}
