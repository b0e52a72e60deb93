namespace Gpux.Runtime.Tokenizers.Text;

/// <summary>The parts of a text, in order and without gaps, and which of them a pattern matches.</summary>
internal sealed class MatchList
{
    private Match[] _matches = new Match[64];
    private int _count;

    public Span<Match> Matches => _matches.AsSpan(0, _count);

    public void Clear() => _count = 0;

    public void Add(int start, int end, bool isMatch)
    {
        if (_count == _matches.Length)
            Array.Resize(ref _matches, _count * 2);
        _matches[_count++] = new Match(start, end, isMatch);
    }

    /// <summary>Bytes, from the start of the searched text.</summary>
    internal readonly record struct Match(int Start, int End, bool IsMatch);
}
