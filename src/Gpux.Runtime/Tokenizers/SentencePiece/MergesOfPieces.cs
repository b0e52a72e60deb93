using Gpux.Runtime.Tokenizers.Models;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.SentencePiece;

/// <summary>The merges that a list of pieces with scores implies: any two pieces that make a third.</summary>
internal sealed class MergesOfPieces
{
    private const int LongestPiece = 1 << 12; // bytes; its halves are all looked up
    private readonly Vocabulary _vocabulary;
    private readonly List<Merge> _merges = [];
    private readonly List<Merge> _ofPiece = [];

    private MergesOfPieces(Vocabulary vocabulary) => _vocabulary = vocabulary;

    /// <summary>In the order of transformers: by score, then by the length of both halves, then by the pieces' ids.</summary>
    /// <remarks>Source: transformers 4.57.1, generate_merges.</remarks>
    /// <param name="crossMetaspace">Whether a merged piece has a metaspace behind another character.</param>
    public static MergeTable InPublishedOrder(Vocabulary vocabulary, ReadOnlySpan<double> scores, out bool crossMetaspace)
    {
        var merges = new MergesOfPieces(vocabulary);
        for (var id = 0; id < scores.Length; id++)
            merges.AddHalves(id, scores[id]);
        var all = merges._merges;
        // The list's own order decides between equals, so it is part of the key.
        all.Sort(static (a, b) =>
            a.Score != b.Score ? b.Score.CompareTo(a.Score)
            : a.LeftLength != b.LeftLength ? b.LeftLength.CompareTo(a.LeftLength)
            : a.RightLength != b.RightLength ? b.RightLength.CompareTo(a.RightLength)
            : a.Place.CompareTo(b.Place));
        return merges.ToTable(ranksDiffer: true, out crossMetaspace);
    }

    /// <summary>By score alone, so that of equal ones the leftmost merges first: as SentencePiece itself does.</summary>
    public static MergeTable ByScore(Vocabulary vocabulary, ReadOnlySpan<double> scores, out bool crossMetaspace)
    {
        var merges = new MergesOfPieces(vocabulary);
        for (var id = 0; id < scores.Length; id++)
            merges.AddHalves(id, scores[id]);
        merges._merges.Sort(static (a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Place.CompareTo(b.Place));
        return merges.ToTable(ranksDiffer: false, out crossMetaspace);
    }

    private void AddHalves(int id, double score)
    {
        var piece = _vocabulary.TokenOf(id);
        if (piece.Length > LongestPiece || _vocabulary.Find(piece) != id)
            return;
        _ofPiece.Clear();
        var length = Utf8.Count(piece);
        var left = 0;
        for (var cut = 0; cut < piece.Length;)
        {
            cut += Utf8.LengthOf(piece[cut]);
            left++;
            if (cut < piece.Length && _vocabulary.Find(piece[..cut]) is var leftId and >= 0 && _vocabulary.Find(piece[cut..]) is var rightId and >= 0)
                _ofPiece.Add(new Merge(leftId, rightId, id, score, left, length - left, 0));
        }
        _ofPiece.Sort(static (a, b) => a.Left != b.Left ? a.Left.CompareTo(b.Left) : a.Right.CompareTo(b.Right));
        foreach (var merge in _ofPiece)
            _merges.Add(merge with { Place = _merges.Count });
    }

    private MergeTable ToTable(bool ranksDiffer, out bool crossMetaspace)
    {
        var table = new MergeTable(_merges.Count);
        crossMetaspace = false;
        var rank = -1;
        for (var i = 0; i < _merges.Count; i++)
        {
            var merge = _merges[i];
            if (ranksDiffer || i == 0 || merge.Score != _merges[i - 1].Score)
                rank++;
            table.Add(merge.Left, merge.Right, rank, merge.Result);
            crossMetaspace |= Loading.Merges.CrossesMetaspace(_vocabulary.TokenOf(merge.Left), _vocabulary.TokenOf(merge.Right));
        }
        return table;
    }

    private readonly record struct Merge(int Left, int Right, int Result, double Score, int LeftLength, int RightLength, int Place);
}
