namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>How a SentencePiece model cuts, numbered as in sentencepiece_model.proto.</summary>
internal enum SentencePieceKind
{
    Unigram = 1,
    Bpe = 2,
    Word = 3,
    Character = 4,
}
