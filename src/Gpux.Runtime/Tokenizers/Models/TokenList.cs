namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The tokens of one sequence as models produce them.</summary>
internal sealed class TokenList
{
    private Token[] _tokens = new Token[128];

    public int Count { get; private set; }

    public ReadOnlySpan<Token> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>The text of tokens that differs from what the vocabulary has for their id, by index.</summary>
    public Dictionary<int, string> Texts { get; } = [];

    /// <summary>Whether the texts are wanted.</summary>
    public bool KeepsTexts { get; private set; }

    public void Clear(bool keepsTexts)
    {
        Count = 0;
        Texts.Clear();
        KeepsTexts = keepsTexts;
    }

    public void Add(int id, int start, int end)
    {
        if (Count == _tokens.Length)
            Array.Resize(ref _tokens, Count * 2);
        _tokens[Count++] = new Token(id, start, end);
    }

    public void Add(ReadOnlySpan<Token> tokens)
    {
        if (Count + tokens.Length > _tokens.Length)
            Array.Resize(ref _tokens, Math.Max(Count + tokens.Length, _tokens.Length * 2));
        tokens.CopyTo(_tokens.AsSpan(Count));
        Count += tokens.Length;
    }

    /// <summary>Moves the places of all tokens from <paramref name="first"/> on.</summary>
    public void Shift(int first, int bytes)
    {
        foreach (ref var token in From(first))
            token = token with { Start = token.Start + bytes, End = token.End + bytes };
    }

    /// <summary>The tokens from <paramref name="first"/> on.</summary>
    public Span<Token> From(int first) => _tokens.AsSpan(first, Count - first);

    /// <summary>Forgets all tokens from <paramref name="first"/> on.</summary>
    public void Truncate(int first) => Count = first;

    /// <param name="Id">The token's id.</param>
    /// <param name="Start">Its first byte in its piece.</param>
    /// <param name="End">Behind its last byte.</param>
    internal readonly record struct Token(int Id, int Start, int End);
}
