namespace Gpux.Runtime.Tokenizers.Text;

/// <summary>
/// A normalized text and the pieces that it is cut into: first by added tokens, then by pre-tokenizers, for the model.
/// </summary>
internal sealed class PieceList
{
    private Piece[] _pieces = new Piece[64];
    private Piece[] _previous = new Piece[64];
    private byte[] _bytes = new byte[256];
    private int[] _starts = [];
    private int[] _ends = [];
    private int _length;

    /// <summary>Whether origins of bytes are kept.</summary>
    public bool IsTracked { get; private set; }

    public int Count { get; private set; }

    public Span<Piece> Pieces => _pieces.AsSpan(0, Count);

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, _length);

    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, _length);

    public ReadOnlySpan<byte> TextOf(in Piece piece) => _bytes.AsSpan(piece.Start, piece.End - piece.Start);

    public void Clear(bool tracked)
    {
        Count = 0;
        _length = 0;
        IsTracked = tracked;
    }

    /// <summary>Adds text and returns where it starts.</summary>
    public int Append(AlignedText text)
    {
        var start = Append(text.Bytes);
        if (IsTracked)
        {
            text.Starts.CopyTo(_starts.AsSpan(start));
            text.Ends.CopyTo(_ends.AsSpan(start));
        }
        return start;
    }

    /// <summary>Adds a part of the original text, <paramref name="origin"/> bytes after its beginning.</summary>
    public int AppendOriginal(ReadOnlySpan<byte> text, int origin)
    {
        var start = Append(text);
        if (IsTracked)
            AlignedText.Identity(text, origin, _starts.AsSpan(start), _ends.AsSpan(start));
        return start;
    }

    /// <summary>Adds a piece of another list as it is.</summary>
    public void Append(PieceList other, in Piece piece)
    {
        var start = Append(other.TextOf(piece));
        if (IsTracked)
        {
            other.Starts[piece.Start..piece.End].CopyTo(_starts.AsSpan(start));
            other.Ends[piece.Start..piece.End].CopyTo(_ends.AsSpan(start));
        }
        Add(piece with { Start = start, End = _length });
    }

    /// <summary>Adds a piece unless it is empty.</summary>
    public void Add(in Piece piece)
    {
        if (piece.Start == piece.End)
            return;
        if (Count == _pieces.Length)
            Array.Resize(ref _pieces, Count * 2);
        _pieces[Count++] = piece;
    }

    /// <summary>Adds the part of a piece between two places of its text.</summary>
    public void AddPart(in Piece piece, int start, int end, int token = Piece.NoToken)
    {
        // The place in the original text of a part that is not the first one does not matter where it is not tracked.
        var origin = IsTracked && start < end ? _starts[start] : piece.Origin + (start - piece.Start);
        Add(new Piece(start, end, origin, token));
    }

    /// <summary>Loads a piece's text for rewriting.</summary>
    public void Load(in Piece piece, AlignedText into)
    {
        if (IsTracked)
            into.Load(TextOf(piece), Starts[piece.Start..piece.End], Ends[piece.Start..piece.End], piece.Origin);
        else
            into.Load(TextOf(piece), piece.Origin, false);
    }

    /// <summary>Empties the list but not its text, and returns the pieces of text that it had; their parts are to be added. Tokens, which no rule
    /// cuts, are added again in their places.</summary>
    public TextPieces BeginSplit()
    {
        (_pieces, _previous) = (_previous, _pieces);
        var previous = _previous.AsSpan(0, Count);
        Count = 0;
        return new TextPieces(this, previous);
    }

    private int Append(ReadOnlySpan<byte> text)
    {
        var start = _length;
        if (start + text.Length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(start + text.Length, _bytes.Length * 2));
        if (IsTracked && _starts.Length < _bytes.Length)
        {
            Array.Resize(ref _starts, _bytes.Length);
            Array.Resize(ref _ends, _bytes.Length);
        }
        text.CopyTo(_bytes.AsSpan(start));
        _length += text.Length;
        return start;
    }

    /// <summary>The pieces of text of a list that is being cut.</summary>
    public ref struct TextPieces(PieceList list, ReadOnlySpan<Piece> previous)
    {
        private readonly ReadOnlySpan<Piece> _previous = previous;
        private int _at = -1;

        public readonly ref readonly Piece Current => ref _previous[_at];

        public readonly TextPieces GetEnumerator() => this;

        public bool MoveNext()
        {
            for (_at++; _at < _previous.Length; _at++)
            {
                if (!_previous[_at].IsToken)
                    return true;
                list.Add(_previous[_at]);
            }
            return false;
        }
    }
}
