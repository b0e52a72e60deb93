using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Every character is a token, whose id is its code point.</summary>
/// <remarks>Source: arXiv:2103.06874 (CANINE).</remarks>
internal sealed class CodePointModel() : Model(new Vocabulary(1))
{
    private const int CodePoints = 0x110000;

    public override int Size => CodePoints;

    public override int LastId => CodePoints - 1;

    public override int IdOf(ReadOnlySpan<byte> token)
    {
        var end = 0;
        return !token.IsEmpty && Utf8.LengthOf(token[0]) == token.Length ? Utf8.Next(token, ref end) : -1;
    }

    public override ReadOnlySpan<byte> TextOf(int id)
    {
        if (!Has(id))
            return default;
        var text = new byte[Utf8.LengthOf(id)];
        Utf8.Write(text, id);
        return text;
    }

    public override bool Has(int id) => System.Text.Rune.IsValid(id);

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        for (var i = 0; i < piece.Length;)
        {
            var start = i;
            scratch.Tokens.Add(Utf8.Next(piece, ref i), start, i);
        }
    }
}
