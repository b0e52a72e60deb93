using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>Cuts at the matches of a pattern: Split, Punctuation, Digits, Whitespace and their kin.</summary>
/// <param name="invert">Whether what lies between matches counts as the match.</param>
internal sealed class SplitPreTokenizer(Pattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    public override void PreTokenize(TextScratch scratch) => Split(scratch, pattern, behavior, invert);

    public static void Split(TextScratch scratch, Pattern pattern, SplitBehavior behavior, bool invert = false)
    {
        var pieces = scratch.Pieces;
        foreach (ref readonly var piece in pieces.BeginSplit())
        {
            scratch.Matches.Clear();
            pattern.FindMatches(pieces.TextOf(piece), scratch);
            Cut(pieces, piece, scratch.Matches.Matches, behavior, invert);
        }
    }

    /// <summary>Adds the parts of a piece, and joins matches with their neighbours where the behaviour says so.</summary>
    private static void Cut(PieceList pieces, in Piece piece, ReadOnlySpan<MatchList.Match> matches, SplitBehavior behavior, bool invert)
    {
        var start = -1; // of the part that may still grow
        var end = 0;
        var previous = false;
        for (var i = 0; i < matches.Length; i++)
        {
            var isMatch = matches[i].IsMatch != invert;
            var joins = behavior switch
            {
                SplitBehavior.Contiguous => isMatch == previous,
                SplitBehavior.MergedWithPrevious => isMatch && !previous,
                SplitBehavior.MergedWithNext => !isMatch && previous, // of several matches in a row only the last one joins
                _ => false,
            };
            previous = isMatch;
            if (behavior == SplitBehavior.Removed && isMatch)
                continue;
            if (joins && start >= 0)
            {
                end = matches[i].End;
                continue;
            }
            if (start >= 0)
                pieces.AddPart(piece, piece.Start + start, piece.Start + end);
            (start, end) = (matches[i].Start, matches[i].End);
        }
        if (start >= 0)
            pieces.AddPart(piece, piece.Start + start, piece.Start + end);
    }
}
