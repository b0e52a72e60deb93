namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Turns pieces of text into tokens of a vocabulary. Instances are immutable and shared between threads.</summary>
internal abstract class Model(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>How many tokens the model itself counts; added tokens that it lacks get ids from here on.</summary>
    public virtual int Size => Vocabulary.Count;

    /// <summary>Adds the tokens of a piece that is not empty; places are bytes from its start.</summary>
    public void Tokenize(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        if (piece.Length > WordCache.LongestWord)
        {
            TokenizePiece(piece, scratch);
            return;
        }
        var tokens = scratch.Tokens;
        var hash = WordCache.Hash(piece);
        if (scratch.Words.TryGet(piece, hash, tokens))
            return;
        var (before, texts) = (tokens.Count, tokens.Texts.Count);
        TokenizePiece(piece, scratch);
        if (tokens.Texts.Count == texts)
            scratch.Words.Set(piece, hash, tokens.Tokens[before..]);
    }

    /// <inheritdoc cref="Tokenize"/>
    /// <summary>Whether tokens that continue a word are written with a prefix, such as ##.</summary>
    public virtual bool HasSubwordPrefix => false;

    protected abstract void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch);
}
