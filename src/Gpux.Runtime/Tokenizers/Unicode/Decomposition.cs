namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Decompositions and compositions of characters (Unicode 9).</summary>
internal sealed class Decomposition
{
    private const int HangulBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TrailCount = 28, HangulCount = LeadCount * VowelCount * TrailCount;

    private static Decomposition? _shared;
    private readonly ushort[]?[] _canonical = new ushort[]?[0x110000 >> 8]; // 1-based indices into _entries
    private readonly ushort[]?[] _compatible = new ushort[]?[0x110000 >> 8];
    private readonly List<(int Start, int Length, bool Recomposes)> _entries = [];
    private readonly List<int> _codePoints = [];
    private readonly Dictionary<long, int> _compositions = [];

    private Decomposition()
    {
        var data = UnicodeData.Decompositions;
        var composed = new List<(int CodePoint, int Entry)>();
        var codePoint = 0;
        while (!data.IsEmpty)
        {
            codePoint += UnicodeData.ReadNumber(ref data);
            var lengthAndKind = UnicodeData.ReadNumber(ref data);
            var (length, kind) = (lengthAndKind >> 2, lengthAndKind & 3);
            _entries.Add((_codePoints.Count, length, kind == 0));
            for (var i = 0; i < length; i++)
                _codePoints.Add(UnicodeData.ReadNumber(ref data));
            var pages = kind == 2 ? _compatible : _canonical;
            (pages[codePoint >> 8] ??= new ushort[256])[codePoint & 0xFF] = (ushort)_entries.Count;
            if (kind == 0)
                composed.Add((codePoint, _entries.Count - 1));
        }
        // Shorter ones first: a character of three parts is composed of one of two parts and the last.
        composed.Sort((a, b) => _entries[a.Entry].Length.CompareTo(_entries[b.Entry].Length));
        foreach (var (result, entry) in composed)
        {
            var (start, length, _) = _entries[entry];
            var first = _codePoints[start];
            for (var i = 1; i < length - 1; i++)
                first = Compose(first, _codePoints[start + i]);
            _compositions.Add(Key(first, _codePoints[start + length - 1]), result);
        }
    }

    public static Decomposition Shared => _shared ??= new Decomposition();

    /// <summary>Writes the full decomposition to <paramref name="parts"/> (at least 18 long) and returns its length.</summary>
    public int Decompose(int codePoint, bool compatible, Span<int> parts)
    {
        if (codePoint < 0xA0)
        {
            parts[0] = codePoint;
            return 1;
        }
        if ((uint)(codePoint - HangulBase) < HangulCount)
        {
            var index = codePoint - HangulBase;
            parts[0] = LeadBase + index / (VowelCount * TrailCount);
            parts[1] = VowelBase + index % (VowelCount * TrailCount) / TrailCount;
            parts[2] = TrailBase + index % TrailCount;
            return index % TrailCount == 0 ? 2 : 3;
        }
        var entry = compatible ? Find(_compatible, codePoint) : 0;
        if (entry == 0)
            entry = Find(_canonical, codePoint);
        if (entry == 0)
        {
            parts[0] = codePoint;
            return 1;
        }
        var (start, length, _) = _entries[entry - 1];
        for (var i = 0; i < length; i++)
            parts[i] = _codePoints[start + i];
        return length;
    }

    /// <summary>Whether the character alone changes under a normalization form.</summary>
    public bool Changes(int codePoint, bool compatible, bool composes)
    {
        if ((uint)(codePoint - HangulBase) < HangulCount)
            return !composes;
        if (compatible && Find(_compatible, codePoint) != 0)
            return true;
        var entry = Find(_canonical, codePoint);
        return entry != 0 && !(composes && _entries[entry - 1].Recomposes);
    }

    /// <returns>The primary composite of the two, or 0.</returns>
    public int Compose(int first, int second)
    {
        if ((uint)(first - LeadBase) < LeadCount && (uint)(second - VowelBase) < VowelCount)
            return HangulBase + ((first - LeadBase) * VowelCount + (second - VowelBase)) * TrailCount;
        if ((uint)(first - HangulBase) < HangulCount && (first - HangulBase) % TrailCount == 0
            && (uint)(second - TrailBase - 1) < TrailCount - 1)
            return first + (second - TrailBase);
        return _compositions.GetValueOrDefault(Key(first, second));
    }

    private static int Find(ushort[]?[] pages, int codePoint) => pages[codePoint >> 8] is { } page ? page[codePoint & 0xFF] : 0;

    private static long Key(int first, int second) => ((long)first << 32) | (uint)second;
}
