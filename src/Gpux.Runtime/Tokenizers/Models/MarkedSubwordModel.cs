namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Merges a word's characters, and looks the parts up with a mark behind all but the last.</summary>
/// <remarks>Source: subword-nmt (arXiv:1508.07909), whose mark is @@.</remarks>
/// <param name="merger">Cuts words; its ids are not used.</param>
internal sealed class MarkedSubwordModel(Vocabulary vocabulary, Model merger, int unknown) : Model(vocabulary)
{
    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        var first = scratch.Tokens.Count;
        merger.TokenizePiece(piece, scratch);
        foreach (ref var token in scratch.Tokens.From(first))
        {
            var part = piece[token.Start..token.End];
            if (token.End < piece.Length)
                part = Marked(part, scratch);
            token = token with { Id = Vocabulary.Find(part) is var id and >= 0 ? id : unknown };
        }
    }

    private static ReadOnlySpan<byte> Marked(ReadOnlySpan<byte> part, ModelScratch scratch)
    {
        scratch.ReserveBytes(part.Length + 2);
        part.CopyTo(scratch.Bytes);
        "@@"u8.CopyTo(scratch.Bytes.AsSpan(part.Length));
        return scratch.Bytes.AsSpan(0, part.Length + 2);
    }
}
