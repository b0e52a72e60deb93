using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The most probable sequence of tokens, found by Viterbi's algorithm.</summary>
/// <remarks>Source: arXiv:1804.10959; ties and unknown characters as in tokenizers 0.22.</remarks>
internal sealed class UnigramModel : Model
{
    private const double UnknownPenalty = 10;
    private readonly double[] _scores;
    private readonly int _unknown;
    private readonly double _unknownScore;
    private readonly bool _isSingle; // precision of sums
    private readonly int[]? _bytes; // ids of <0x00> and so on, -1 for those that are missing
    private readonly byte[] _longest = new byte[1 << 16]; // of tokens by their first two bytes, at most 255
    private readonly int _longestOfOne; // of tokens of one byte: 1, or 0 if there are none

    /// <param name="scores">Log probabilities by id.</param>
    /// <param name="unknown">-1: none, and an unknown character is an error.</param>
    /// <param name="unknownScore">Of an unknown character, for a model that sums in single precision as sentencepiece does; null: what
    /// tokenizers makes of the scores, in double precision.</param>
    public UnigramModel(Vocabulary vocabulary, double[] scores, int unknown, bool byteFallback, float? unknownScore = null) : base(vocabulary)
    {
        _scores = scores;
        _unknown = unknown;
        var lowest = double.PositiveInfinity;
        foreach (var score in scores)
            lowest = Math.Min(lowest, score);
        _unknownScore = unknownScore ?? lowest - UnknownPenalty;
        _isSingle = unknownScore is not null;
        _bytes = byteFallback ? ByteFallback.Find(vocabulary) : null;
        for (var id = 0; id < scores.Length; id++)
        {
            var token = vocabulary.TokenOf(id);
            if (token.Length == 1)
                _longestOfOne = 1;
            else if (token.Length > 1)
                Longest(token) = (byte)Math.Max(Longest(token), Math.Min(token.Length, byte.MaxValue));
        }
    }

    public override int Size => _scores.Length;

    protected internal override void TokenizePiece(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        var steps = FindBestPath(piece, scratch);
        // Backwards along the best path; neighbouring unknown characters become one token.
        var end = piece.Length;
        var count = 0;
        while (end > 0)
        {
            var start = steps[end].Start;
            if (steps[end].Id == _unknown)
            {
                while (start > 0 && steps[start].Id == _unknown)
                    start = steps[start].Start;
            }
            // The path is kept in the steps that it does not need any more.
            steps[piece.Length - count++] = new ViterbiStep(0, end, start);
            end = start;
        }
        while (count > 0)
        {
            var step = steps[piece.Length - --count];
            AddToken(piece, step.Start, step.Id, scratch.Tokens);
        }
    }

    private ViterbiStep[] FindBestPath(ReadOnlySpan<byte> piece, ModelScratch scratch)
    {
        scratch.ReserveSteps(piece.Length + 1);
        var steps = scratch.Steps;
        steps.AsSpan(0, piece.Length + 1).Fill(new ViterbiStep(0, 0, -1));
        for (var start = 0; start < piece.Length;)
        {
            var score = steps[start].Score;
            var character = Utf8.LengthOf(piece[start]);
            var longest = LongestAt(piece[start..]);
            var single = false;
            var hash = new Vocabulary.RollingHash();
            for (var length = 0; length < longest;)
            {
                for (var end = length + Utf8.LengthOf(piece[start + length]); length < end; length++)
                    hash.Add(piece[start + length]);
                var id = Vocabulary.Find(piece.Slice(start, length), hash.Value);
                if (id < 0)
                    continue;
                single |= length == character;
                Improve(ref steps[start + length], score + _scores[id], id, start);
            }
            if (!single)
            {
                Improve(ref steps[start + character], score + _unknownScore, _unknown, start);
                if (_unknown < 0 && steps[start + character].Id < 0)
                    throw new MissingUnknownTokenException();
            }
            start += character;
        }
        return steps;
    }

    private void Improve(ref ViterbiStep step, double score, int id, int start)
    {
        if (step.Start < 0 || score > step.Score)
            step = new ViterbiStep(_isSingle ? (float)score : score, id, start);
    }

    private void AddToken(ReadOnlySpan<byte> piece, int start, int end, TokenList tokens)
    {
        var text = piece[start..end];
        var id = Vocabulary.Find(text);
        if (id >= 0)
        {
            tokens.Add(id, start, end);
            return;
        }
        if (_bytes is not null && ByteFallback.Covers(_bytes, text))
        {
            foreach (var b in text)
                tokens.Add(_bytes[b], start, end);
            return;
        }
        if (_unknown < 0)
            throw new MissingUnknownTokenException();
        if (tokens.KeepsTexts)
            tokens.Texts.Add(tokens.Count, System.Text.Encoding.UTF8.GetString(text));
        tokens.Add(_unknown, start, end);
    }

    private ref byte Longest(ReadOnlySpan<byte> token) => ref _longest[token[0] << 8 | token[1]];

    private int LongestAt(ReadOnlySpan<byte> text)
    {
        if (text.Length == 1)
            return _longestOfOne;
        var longest = (int)Longest(text);
        return Math.Min(longest == byte.MaxValue ? text.Length : Math.Max(longest, text[0] < 0x80 ? _longestOfOne : 0), text.Length);
    }
}
