using System.Text;
using Gpux.Runtime.Tokenizers.Text;
using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Normalizers;

/// <summary>NFC, NFD, NFKC or NFKD of UAX #15, with the character data of Unicode 9 like the reference.</summary>
internal sealed class UnicodeNormalizer(UnicodeForm form) : Normalizer
{
    private const int LongestDecomposition = 18; // U+FDFA
    private const int ShortRun = 32; // combining characters that are sorted in place
    private readonly bool _compatible = form is UnicodeForm.Nfkc or UnicodeForm.Nfkd;
    private readonly bool _composes = form is UnicodeForm.Nfc or UnicodeForm.Nfkc;

    public override bool KeepsStart => true;

    public override void Normalize(AlignedText text, TextScratch scratch)
    {
        if (Ascii.IsValid(text.Bytes) || IsNormalized(text.Bytes))
            return;
        // Every part is a code point and its change: 0 for the first of a character's parts, 1 for the others.
        var count = Decompose(text.Bytes, scratch);
        var points = scratch.CodePoints;
        text.Begin();
        if (_composes)
        {
            Compose(text, points.AsSpan(0, count), scratch.Classes);
        }
        else
        {
            foreach (var point in points.AsSpan(0, count))
                text.Emit(point >> 1, point & 1);
        }
        text.Commit();
    }

    // One-sided: characters that do not change and meet none that combines with them.
    private bool IsNormalized(ReadOnlySpan<byte> text)
    {
        var decomposition = Decomposition.Shared;
        for (var i = 0; i < text.Length;)
        {
            var c = Utf8.Next(text, ref i);
            if (c >= 0xA0 && (Characters.CombiningClass(c) != 0 || decomposition.Changes(c, _compatible, _composes)
                || (_composes && IsComposingStarter(c))))
                return false;
        }
        return true;
    }

    // Blocks whose characters of class 0 compose with the one before: vowel signs of Indic scripts and Hangul jamo.
    private static bool IsComposingStarter(int c) =>
        c is >= 0x900 and < 0x1200 or >= 0x1B00 and < 0x1C00 or >= 0x11000 and < 0x12000;

    private int Decompose(ReadOnlySpan<byte> text, TextScratch scratch)
    {
        var decomposition = Decomposition.Shared;
        Span<int> parts = stackalloc int[LongestDecomposition];
        var count = 0;
        var unsorted = 0;
        for (var i = 0; i < text.Length;)
        {
            var length = decomposition.Decompose(Utf8.Next(text, ref i), _compatible, parts);
            scratch.ReserveCodePoints(count + length);
            for (var p = 0; p < length; p++)
            {
                var combiningClass = Characters.CombiningClass(parts[p]);
                if (combiningClass == 0)
                {
                    SortByClass(scratch, unsorted, count);
                    unsorted = count + 1;
                }
                scratch.Classes[count] = combiningClass;
                scratch.CodePoints[count++] = (parts[p] << 1) | (p == 0 ? 0 : 1);
            }
        }
        SortByClass(scratch, unsorted, count);
        return count;
    }

    private static void SortByClass(TextScratch scratch, int start, int end)
    {
        var (points, classes) = (scratch.CodePoints, scratch.Classes);
        var sorted = true;
        for (var i = start + 1; i < end && sorted; i++)
            sorted = classes[i - 1] <= classes[i];
        if (sorted)
            return;
        if (end - start <= ShortRun)
        {
            SortShort(points.AsSpan(start, end - start), classes.AsSpan(start, end - start));
            return;
        }
        // Stable, and never quadratic in what a caller sends: keys are (class, place).
        var keys = new long[end - start];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = ((long)classes[start + i] << 32) | (uint)i;
        var values = points.AsSpan(start, end - start).ToArray();
        Array.Sort(keys);
        for (var i = 0; i < keys.Length; i++)
        {
            points[start + i] = values[(int)keys[i]];
            classes[start + i] = (byte)(keys[i] >> 32);
        }
    }

    private static void SortShort(Span<int> points, Span<byte> classes)
    {
        for (var i = 1; i < points.Length; i++)
        {
            for (var at = i; at > 0 && classes[at - 1] > classes[at]; at--)
            {
                (points[at - 1], points[at]) = (points[at], points[at - 1]);
                (classes[at - 1], classes[at]) = (classes[at], classes[at - 1]);
            }
        }
    }

    private static void Compose(AlignedText text, Span<int> points, ReadOnlySpan<byte> classes)
    {
        var decomposition = Decomposition.Shared;
        for (var i = 0; i < points.Length;)
        {
            var starter = points[i] >> 1;
            var change = points[i] & 1;
            if (classes[i] != 0)
            {
                text.Emit(starter, change);
                i++;
                continue;
            }
            // All that combines with this starter, up to the next starter that does not.
            var first = ++i;
            byte lastClass = 0;
            var blocked = 0; // parts that stay on their own
            var end = first;
            for (; end < points.Length; end++)
            {
                var (point, partChange) = (points[end] >> 1, points[end] & 1);
                var partClass = classes[end];
                var adjacent = blocked == 0;
                if (!adjacent && lastClass >= partClass)
                {
                    if (partClass == 0)
                        break;
                }
                else if (decomposition.Compose(starter, point) is var composite and not 0)
                {
                    starter = composite;
                    change += partChange - 1;
                    continue;
                }
                else if (adjacent && partClass == 0)
                {
                    break;
                }
                points[first + blocked++] = points[end]; // what stays on its own moves up to the starter
                lastClass = partClass;
            }
            text.Emit(starter, change);
            for (var p = first; p < first + blocked; p++)
                text.Emit(points[p] >> 1, points[p] & 1);
            i = end;
        }
    }
}
