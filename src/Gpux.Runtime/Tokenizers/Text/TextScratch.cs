namespace Gpux.Runtime.Tokenizers.Text;

/// <summary>Reusable memory of one encode call's text stages; one thread at a time.</summary>
internal sealed class TextScratch
{
    /// <summary>The text and the pieces that the next stage works on.</summary>
    public PieceList Pieces { get; private set; } = new();

    /// <summary>Where a stage that rewrites text puts its result before <see cref="SwapPieces"/>.</summary>
    public PieceList Spare { get; private set; } = new();

    private int[] _registers = [];

    public AlignedText Aligned { get; } = new();

    public MatchList Matches { get; } = new();

    /// <summary>Steps that regular expressions of this call may still take.</summary>
    public long RegexBudget { get; set; }

    /// <summary>Code points and combining classes while a text is brought to a normalization form.</summary>
    public int[] CodePoints { get; private set; } = new int[64];

    public byte[] Classes { get; private set; } = new byte[64];

    /// <summary>Registers of a regular expression that starts anew: all 0.</summary>
    public int[] Registers(int count)
    {
        if (_registers.Length < count)
            _registers = new int[count];
        _registers.AsSpan(0, count).Clear();
        return _registers;
    }

    public void SwapPieces() => (Pieces, Spare) = (Spare, Pieces);

    public void ReserveCodePoints(int count)
    {
        if (CodePoints.Length >= count)
            return;
        var length = Math.Max(count, CodePoints.Length * 2);
        var (points, classes) = (CodePoints, Classes);
        Array.Resize(ref points, length);
        Array.Resize(ref classes, length);
        (CodePoints, Classes) = (points, classes);
    }
}
