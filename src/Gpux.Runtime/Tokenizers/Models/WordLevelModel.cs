namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>A token for every piece that the vocabulary has, else the unknown token.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, byte[] unknownToken) : Model(vocabulary)
{
    private readonly int _unknown = vocabulary.Find(unknownToken);

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        var id = Vocabulary.Find(piece);
        if (id < 0)
            id = _unknown >= 0 ? _unknown : throw new MissingUnknownTokenException();
        scratch.Tokens.Add(id, 0, piece.Length);
    }
}
