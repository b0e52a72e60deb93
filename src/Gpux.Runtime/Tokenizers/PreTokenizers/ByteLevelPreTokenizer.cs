using Gpux.Runtime.Tokenizers.Normalizers;
using Gpux.Runtime.Tokenizers.Patterns;
using Gpux.Runtime.Tokenizers.Text;

namespace Gpux.Runtime.Tokenizers.PreTokenizers;

/// <summary>GPT-2's cutting into words, and bytes written as printable characters.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private const string Words = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private readonly RegexPattern? _words = useRegex ? RegexPattern.Parse(Words) : null;

    /// <summary>Set where a byte-level model follows at once: it reads bytes, so they need not be written otherwise.</summary>
    public bool LeavesBytes { get; init; }

    /// <summary>The same for a model that reads bytes.</summary>
    public ByteLevelPreTokenizer LeaveBytes() => new(addPrefixSpace, useRegex) { LeavesBytes = true };

    public ByteLevelPreTokenizer WithPrefixSpace(bool adds) => adds == addPrefixSpace ? this : new(adds, useRegex);

    public override void PreTokenize(TextScratch scratch)
    {
        if (addPrefixSpace)
            Rewrite(scratch, static text =>
            {
                if (!text.Bytes.StartsWith((byte)' '))
                    text.Prepend([(byte)' ']);
            });
        if (_words is not null)
            SplitPreTokenizer.Split(scratch, _words, SplitBehavior.Isolated);
        if (!LeavesBytes)
            Rewrite(scratch, ByteLevelNormalizer.WriteBytesAsCharacters);
    }

    private static void Rewrite(TextScratch scratch, Action<AlignedText> rewrite)
    {
        var (pieces, result, aligned) = (scratch.Pieces, scratch.Spare, scratch.Aligned);
        result.Clear(pieces.IsTracked);
        foreach (var piece in pieces.Pieces)
        {
            if (piece.IsToken)
            {
                result.Append(pieces, piece);
                continue;
            }
            pieces.Load(piece, aligned);
            rewrite(aligned);
            var start = result.Append(aligned);
            result.Add(new Piece(start, start + aligned.Length, piece.Origin, Piece.NoToken));
        }
        scratch.SwapPieces();
    }
}
