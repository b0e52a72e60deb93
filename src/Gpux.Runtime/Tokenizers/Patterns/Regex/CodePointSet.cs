using System.Runtime.CompilerServices;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Patterns.Regex;

/// <summary>A set of code points, made for fast membership tests.</summary>
internal sealed class CodePointSet
{
    private const int Last = 0x10FFFF;
    private readonly int[] _ranges; // first and last of each, in order, apart from each other
    private readonly ulong _ascii0;
    private readonly ulong _ascii1;
    private ulong[]? _plane; // of the first 65,536

    private CodePointSet(List<int> ranges)
    {
        _ranges = [.. ranges];
        for (var i = 0; i < _ranges.Length && _ranges[i] < 128; i += 2)
        {
            for (var c = _ranges[i]; c <= Math.Min(_ranges[i + 1], 127); c++)
            {
                if (c < 64)
                    _ascii0 |= 1UL << c;
                else
                    _ascii1 |= 1UL << (c - 64);
            }
        }
    }

    public static CodePointSet Empty { get; } = new([]);

    public static CodePointSet All { get; } = new([0, Last]);

    public bool HasNonAscii => _ranges.Length > 0 && _ranges[^1] > 127;

    public static CodePointSet Range(int first, int last) => new([first, last]);

    public static CodePointSet Of(params ReadOnlySpan<int> codePoints)
    {
        var set = Empty;
        foreach (var c in codePoints)
            set = set.Union(Range(c, c));
        return set;
    }

    /// <summary>The code points whose value in a run-length table passes the test.</summary>
    public static CodePointSet FromRuns(ReadOnlySpan<byte> runs, Func<byte, bool> include)
    {
        var ranges = new List<int>();
        for (var start = 0; !runs.IsEmpty; runs = runs[1..])
        {
            var end = start + UnicodeData.ReadNumber(ref runs);
            if (include(runs[0]))
            {
                if (ranges.Count > 0 && ranges[^1] == start - 1)
                    ranges[^1] = end - 1;
                else
                    ranges.AddRange([start, end - 1]);
            }
            start = end;
        }
        return new CodePointSet(ranges);
    }

    public CodePointSet Union(CodePointSet other)
    {
        var result = new List<int>(_ranges.Length + other._ranges.Length);
        for (var (a, b) = (0, 0); a < _ranges.Length || b < other._ranges.Length;)
        {
            var mine = b >= other._ranges.Length || (a < _ranges.Length && _ranges[a] <= other._ranges[b]);
            var (first, last) = mine ? (_ranges[a], _ranges[a + 1]) : (other._ranges[b], other._ranges[b + 1]);
            (a, b) = mine ? (a + 2, b) : (a, b + 2);
            if (result.Count > 0 && first <= result[^1] + 1)
                result[^1] = Math.Max(result[^1], last);
            else
                result.AddRange([first, last]);
        }
        return new CodePointSet(result);
    }

    public CodePointSet Negate()
    {
        var result = new List<int>(_ranges.Length + 2);
        var next = 0;
        for (var i = 0; i < _ranges.Length; i += 2)
        {
            if (_ranges[i] > next)
                result.AddRange([next, _ranges[i] - 1]);
            next = _ranges[i + 1] + 1;
        }
        if (next <= Last)
            result.AddRange([next, Last]);
        return new CodePointSet(result);
    }

    public CodePointSet Intersect(CodePointSet other) => Negate().Union(other.Negate()).Negate();

    /// <summary>The set and all characters that fold to what one of its characters folds to.</summary>
    public CodePointSet IgnoreCase()
    {
        var folded = new HashSet<int>();
        foreach (var (from, to) in CaseMapping.Foldings)
        {
            if (Contains(from) || Contains(to))
                folded.Add(to);
        }
        var added = new SortedSet<int>();
        foreach (var (from, to) in CaseMapping.Foldings)
        {
            if (!folded.Contains(to))
                continue;
            added.Add(from);
            added.Add(to);
        }
        var ranges = new List<int>(added.Count * 2);
        foreach (var c in added)
            ranges.AddRange([c, c]);
        return Union(new CodePointSet(ranges));
    }

    public bool Contains(int c) => c < 128 ? ContainsAscii(c) : ContainsLong(c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ContainsAscii(int c) => (((c < 64 ? _ascii0 : _ascii1) >> c) & 1) != 0; // a shift counts modulo 64

    public bool ContainsLong(int c)
    {
        if (c >= 0x10000 || _ranges.Length <= 8)
            return Find(c);
        var plane = _plane ?? Expand();
        return ((plane[c >> 6] >> c) & 1) != 0;
    }

    private bool Find(int c)
    {
        var (low, high) = (0, _ranges.Length / 2 - 1);
        while (low <= high)
        {
            var middle = (low + high) >> 1;
            if (c < _ranges[2 * middle])
                high = middle - 1;
            else if (c > _ranges[2 * middle + 1])
                low = middle + 1;
            else
                return true;
        }
        return false;
    }

    private ulong[] Expand()
    {
        var plane = new ulong[0x10000 / 64];
        for (var i = 0; i < _ranges.Length && _ranges[i] < 0x10000; i += 2)
        {
            var (first, last) = (_ranges[i], Math.Min(_ranges[i + 1], 0xFFFF));
            for (var c = first; c <= last;)
            {
                if ((c & 63) == 0 && c + 63 <= last)
                {
                    plane[c >> 6] = ulong.MaxValue;
                    c += 64;
                    continue;
                }
                plane[c >> 6] |= 1UL << c;
                c++;
            }
        }
        return _plane = plane;
    }
}
