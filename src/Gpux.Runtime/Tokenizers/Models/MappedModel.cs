namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>A model that cuts by one vocabulary and gives the ids of another.</summary>
internal sealed class MappedModel : Model
{
    private readonly Model _inner;
    private readonly int[] _ids; // by the inner model's ids
    private readonly int _innerUnknown;
    private readonly int _unknown;

    /// <param name="vocabulary">Has the ids.</param>
    /// <param name="innerUnknown">The inner model's id of text that it does not know; that text itself is looked up.</param>
    /// <param name="unknown">The id of what the vocabulary lacks.</param>
    public MappedModel(Model inner, Vocabulary vocabulary, int innerUnknown, int unknown) : base(vocabulary)
    {
        _inner = inner;
        (_innerUnknown, _unknown) = (innerUnknown, unknown);
        _ids = new int[inner.LastId + 1];
        for (var id = 0; id < _ids.Length; id++)
            _ids[id] = IdOr(inner.TextOf(id));
    }

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        var first = scratch.Tokens.Count;
        _inner.TokenizePiece(piece, scratch);
        // Tokens are written as the vocabulary has them, unknown ones too.
        scratch.Tokens.Texts.Clear();
        foreach (ref var token in scratch.Tokens.From(first))
            token = token with { Id = token.Id == _innerUnknown ? IdOr(piece[token.Start..token.End]) : _ids[token.Id] };
    }

    private int IdOr(ReadOnlySpan<byte> text) => Vocabulary.Find(text) is var id and >= 0 ? id : _unknown;
}
