namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Turns pieces of text into tokens of a vocabulary. Instances are immutable and shared between threads.</summary>
internal abstract class Model(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>How many tokens the model itself counts; added tokens that it lacks get ids from here on.</summary>
    public virtual int Size => Vocabulary.Count;

    /// <summary>The highest id, or -1.</summary>
    public virtual int LastId => Vocabulary.LastId;

    /// <summary>Whether tokens that continue a word are written with a prefix, such as ##.</summary>
    public virtual bool HasSubwordPrefix => false;

    /// <returns>The token's id, or -1.</returns>
    public virtual int IdOf(ReadOnlySpan<byte> token) => Vocabulary.Find(token);

    /// <returns>The token's UTF-8, or nothing if there is no such id.</returns>
    public virtual ReadOnlySpan<byte> TextOf(int id) => Vocabulary.TokenOf(id);

    public virtual bool Has(int id) => Vocabulary.Contains(id);

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

    /// <summary>The same for a piece that was not seen before.</summary>
    protected internal abstract void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch);
}
