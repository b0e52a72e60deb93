using Gpux.Runtime.Tokenizers.AddedTokens;
using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.PreTokenizers;

namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>Cuts text exactly as the sentencepiece library does, for classes that call it.</summary>
/// <remarks>Source: sentencepiece 0.2.0; arXiv:1808.06226.</remarks>
internal static class SentencePieceTokens
{
    private const float UnknownPenalty = 10;
    private const double UserDefinedBonus = 0.1;

    /// <param name="vocabulary">Gives the ids by pieces and, for what the model does not know, by the text itself; null: the file's own ids.</param>
    /// <param name="unknown">The id of what the vocabulary lacks.</param>
    public static (PreTokenizer PreTokenizer, Model Model) Of(SentencePieceFile file, string name, Vocabulary? vocabulary, int unknown)
    {
        var pieces = Pieces(file);
        var symbols = Symbols(file);
        var map = file.CharacterMap.IsEmpty ? null
            : PrecompiledNormalizer.Read(file.CharacterMap.Span) ?? throw new InvalidTokenizerException(name, "its character map is damaged");
        var normalizer = new NormalizingPreTokenizer(new SentencePieceNormalizer(file, map, symbols));
        var cuts = symbols is null || file.Kind == SentencePieceKind.Unigram ? (PreTokenizer)normalizer
            : new SequencePreTokenizer([normalizer, new TokenSplitPreTokenizer(symbols)]);
        Model model = file.Kind switch
        {
            SentencePieceKind.Unigram => Unigram(file, pieces),
            SentencePieceKind.Bpe => Bpe(file, pieces, MergesOfPieces.ByScore(pieces, Scores(file), out var crosses), crosses),
            SentencePieceKind.Character => Bpe(file, pieces, new MergeTable(0), crosses: false),
            _ => throw new UnsupportedTokenizerException($"a SentencePiece model of the kind {file.Kind}"),
        };
        var ids = vocabulary ?? All(file);
        return (cuts, new MappedModel(model, ids, file.UnknownId, vocabulary is null ? file.UnknownId : unknown));
    }

    /// <summary>Every piece with its place as its id.</summary>
    public static Vocabulary All(SentencePieceFile file)
    {
        var all = new Vocabulary(file.Count);
        for (var id = 0; id < file.Count; id++)
            all.Add(file.TextOf(id), id);
        return all;
    }

    // Pieces that text can become.
    private static Vocabulary Pieces(SentencePieceFile file)
    {
        var pieces = new Vocabulary(file.Count);
        for (var id = 0; id < file.Count; id++)
        {
            if (file.TypeOf(id) is PieceType.Normal or PieceType.UserDefined or PieceType.Byte)
                pieces.Add(file.TextOf(id), id);
        }
        return pieces;
    }

    private static AddedTokenMatcher? Symbols(SentencePieceFile file)
    {
        var symbols = new List<AddedTokenMatcher.Candidate>();
        for (var id = 0; id < file.Count; id++)
        {
            if (file.TypeOf(id) == PieceType.UserDefined)
                symbols.Add(new AddedTokenMatcher.Candidate(id, new AddedToken(""), file.TextOf(id).ToArray()));
        }
        return AddedTokenMatcher.Create(symbols);
    }

    private static double[] Scores(SentencePieceFile file)
    {
        var scores = new double[file.Count];
        for (var id = 0; id < scores.Length; id++)
            scores[id] = file.ScoreOf(id);
        return scores;
    }

    private static UnigramModel Unigram(SentencePieceFile file, Vocabulary pieces)
    {
        var scores = Scores(file);
        var (lowest, highest) = (float.MaxValue, float.MinValue);
        for (var id = 0; id < scores.Length; id++)
        {
            if (file.TypeOf(id) != PieceType.Normal)
                continue;
            lowest = Math.Min(lowest, file.ScoreOf(id));
            highest = Math.Max(highest, file.ScoreOf(id));
        }
        for (var id = 0; id < scores.Length; id++)
        {
            if (file.TypeOf(id) == PieceType.UserDefined)
                scores[id] = file.TextOf(id).Length * highest - UserDefinedBonus;
        }
        return new UnigramModel(pieces, scores, file.UnknownId, file.ByteFallback, unknownScore: lowest - UnknownPenalty);
    }

    private static BpeModel Bpe(SentencePieceFile file, Vocabulary pieces, MergeTable merges, bool crosses) => new(
        pieces, merges, new BpeOptions(null, [], [], FuseUnknown: true, file.ByteFallback, IgnoreMerges: false) { UnknownId = file.UnknownId }, crosses);
}
