using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Every byte of the UTF-8 is a token, written as the Latin-1 character of its value; ids start behind some special tokens.</summary>
/// <remarks>Source: arXiv:2105.13626 (ByT5), arXiv:2103.03206 (Perceiver).</remarks>
internal sealed class ByteModel : Model
{
    private readonly int _firstId;

    /// <param name="special">Tokens of the ids from 0 on; null: an id without a token.</param>
    public ByteModel(ReadOnlySpan<string?> special) : base(new Vocabulary(256 + special.Length))
    {
        _firstId = special.Length;
        for (var id = 0; id < special.Length; id++)
        {
            if (special[id] is { Length: > 0 } token)
                Vocabulary.Add(System.Text.Encoding.UTF8.GetBytes(token), id);
        }
        Span<byte> text = stackalloc byte[2];
        for (var b = 0; b < 256; b++)
            Vocabulary.Add(text[..Utf8.Write(text, b)], _firstId + b);
    }

    public override int Size => _firstId + 256;

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        for (var i = 0; i < piece.Length; i++)
            scratch.Tokens.Add(_firstId + piece[i], i, i + 1);
    }
}
