using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.AddedTokens;

/// <summary>Tokens beside the model's: those that are found before the model sees a text.</summary>
internal sealed class AddedVocabulary
{
    private readonly Model _model;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<int, AddedToken> _tokens = [];
    private readonly HashSet<string> _special = new(StringComparer.Ordinal);
    private AddedTokenMatcher? _raw;
    private AddedTokenMatcher? _normalized;
    private int _lastId = -1;

    public AddedVocabulary(Model model) => _model = model;

    /// <summary>Whether special tokens are found in texts; otherwise their characters are text like any other.</summary>
    public bool FindsSpecial { get; set; } = true;

    /// <summary>One more than the highest id of any token.</summary>
    public int Size { get; private set; }

    public IReadOnlyDictionary<string, int> Ids => _ids;

    /// <summary>Adds a token, or replaces the flags of the one that has the same text.</summary>
    /// <remarks>Ids: that of the model where it has the token, else the next free one, whatever a file says: so does tokenizers 0.22.</remarks>
    public int Add(AddedToken token)
    {
        if (token.Content.Length == 0)
            return -1;
        if (!_ids.TryGetValue(token.Content, out var id))
        {
            id = _model.IdOf(System.Text.Encoding.UTF8.GetBytes(token.Content));
            if (id < 0)
                id = Math.Max(_lastId + 1, _model.Size);
            _ids[token.Content] = id;
        }
        _tokens[id] = token;
        _lastId = Math.Max(_lastId, id);
        if (token.Special)
            _special.Add(token.Content);
        return id;
    }

    /// <summary>Prepares the search, after the last token was added.</summary>
    public void Seal(Normalizer? normalizer)
    {
        var raw = new List<AddedTokenMatcher.Candidate>();
        var normalized = new List<AddedTokenMatcher.Candidate>();
        var text = new AlignedText();
        var scratch = new TextScratch { RegexBudget = long.MaxValue };
        int[] ids = [.. _tokens.Keys];
        Array.Sort(ids);
        foreach (var id in ids)
        {
            var token = _tokens[id];
            if (!FindsSpecial && token.Special)
                continue;
            var content = System.Text.Encoding.UTF8.GetBytes(token.Content);
            if (!token.Normalized)
            {
                raw.Add(new AddedTokenMatcher.Candidate(id, token, content));
                continue;
            }
            if (normalizer is not null)
            {
                text.Load(content, 0, false);
                normalizer.Normalize(text, scratch);
                content = text.Bytes.ToArray();
            }
            if (content.Length > 0)
                normalized.Add(new AddedTokenMatcher.Candidate(id, token, content));
        }
        _raw = AddedTokenMatcher.Create(raw);
        _normalized = AddedTokenMatcher.Create(normalized);
        Size = Math.Max(_model.LastId, _lastId) + 1;
    }

    public AddedToken? TokenOf(int id) => _tokens.GetValueOrDefault(id);

    public int Find(string token) =>
        _ids.TryGetValue(token, out var id) ? id : _model.IdOf(System.Text.Encoding.UTF8.GetBytes(token));

    public bool IsSpecial(string token) => _special.Contains(token);

    /// <summary>Cuts a text at added tokens and normalizes what lies between; the result is the scratch's pieces.</summary>
    public void Split(ReadOnlySpan<byte> text, Normalizer? normalizer, bool tracked, TextScratch scratch, PartList parts)
    {
        var pieces = scratch.Pieces;
        pieces.Clear(tracked);
        parts.Clear();
        if (_raw is null)
            parts.Add(0, text.Length, Piece.NoToken);
        else
            _raw.Find(text, parts);
        var count = parts.Count;
        for (var i = 0; i < count; i++)
        {
            var (start, end, id) = parts[i];
            var part = text[start..end];
            if (id >= 0 || (normalizer is null && _normalized is null))
            {
                var at = pieces.AppendOriginal(part, start);
                pieces.Add(new Piece(at, at + part.Length, start, id));
                continue;
            }
            var aligned = scratch.Aligned;
            aligned.Load(part, start, tracked);
            normalizer?.Normalize(aligned, scratch);
            SplitNormalized(pieces, aligned, start, parts);
            parts.Truncate(count);
        }
    }

    private void SplitNormalized(PieceList pieces, AlignedText text, int origin, PartList parts)
    {
        if (text.Length == 0)
            return;
        var at = pieces.Append(text);
        var first = parts.Count;
        if (_normalized is null)
            parts.Add(0, text.Length, Piece.NoToken);
        else
            _normalized.Find(text.Bytes, parts);
        for (var i = first; i < parts.Count; i++)
        {
            var (start, end, id) = parts[i];
            if (start == end)
                continue;
            var from = pieces.IsTracked ? text.Starts[start] : origin + start;
            pieces.Add(new Piece(at + start, at + end, from, id));
        }
    }
}
