using System.Numerics;
using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Generation.Processors;

/// <summary>Finds the greatest of many scores, and where a running sum of weights crosses a bound, without sorting all.</summary>
/// <remarks>A key holds a score and an index in one integer that compares as they do: by score first.</remarks>
internal static class Selection
{
    /// <summary>A key that ascends with the score and, where scores are equal, with the index.</summary>
    public static ulong Key(float score, int index) => (ulong)Ordinal(score) << 32 | (uint)index;

    public static int IndexOf(ulong key) => (int)(uint)key;

    /// <summary>Whether the scores of two keys are equal.</summary>
    public static bool SameScore(ulong left, ulong right) => left >> 32 == right >> 32;

    /// <summary>A key that ascends with the score and, where scores are equal, descends with the index.</summary>
    public static ulong Ranked(float score, int index) => Key(score, ~index);

    /// <summary>The index in a key of <see cref="Ranked"/>.</summary>
    public static int RankedIndex(ulong key) => ~IndexOf(key);

    /// <summary>Fills a span with the keys of the greatest scores; the least of them comes first, the others in any order. Of equal
    /// scores the one with the lower index counts as greater: these are keys of complemented indices, see <see cref="Ranked"/>.</summary>
    public static void Greatest(ReadOnlySpan<float> scores, Span<ulong> heap)
    {
        for (var i = 0; i < heap.Length; i++)
            heap[i] = Ranked(scores[i], i);
        for (var i = heap.Length / 2 - 1; i >= 0; i--)
            SiftDown(heap, i);

        var least = scores[RankedIndex(heap[0])];
        var next = heap.Length;
        for (; next <= scores.Length - Vector256<float>.Count; next += Vector256<float>.Count)
        {
            var greater = Vector256.GreaterThan(Vector256.Create(scores[next..]), Vector256.Create(least)).ExtractMostSignificantBits();
            for (; greater != 0; greater &= greater - 1)
                Offer(scores, next + BitOperations.TrailingZeroCount(greater), heap, ref least);
        }
        for (; next < scores.Length; next++)
            Offer(scores, next, heap, ref least);
    }

    /// <summary>Moves to the front, in any order, the keys that come before a running sum crosses a bound.</summary>
    /// <param name="keys">Their indices point into <paramref name="weights"/>.</param>
    /// <param name="weights">Not negative.</param>
    /// <param name="bound">Compared with the sum of the weights up to and with a key, in ascending order of the keys.</param>
    /// <param name="inclusive">Whether a sum that equals the bound has not crossed it.</param>
    /// <param name="sum">That of weights before all keys.</param>
    /// <returns>How many keys come before.</returns>
    public static int Prefix(Span<ulong> keys, ReadOnlySpan<float> weights, float bound, bool inclusive, double sum = 0)
    {
        var (low, high) = (0, keys.Length);
        // Each round halves the range, as a rule; keys made to prevent that are sorted instead.
        for (var rounds = 2 * BitOperations.Log2((uint)keys.Length | 1); high - low > 16 && rounds > 0; rounds--)
        {
            var pivot = low + Partition(keys[low..high]);
            var through = sum;
            foreach (var key in keys[low..pivot])
                through += weights[IndexOf(key)];
            if (!IsBefore(through))
            {
                high = pivot;
                continue;
            }
            through += weights[IndexOf(keys[pivot])];
            if (!IsBefore(through))
                return pivot;
            (low, sum) = (pivot + 1, through);
        }
        keys[low..high].Sort();
        for (; low < high; low++)
        {
            sum += weights[IndexOf(keys[low])];
            if (!IsBefore(sum))
                break;
        }
        return low;

        // The reference sums in float64, and compares in float32.
        bool IsBefore(double through) => inclusive ? (float)through <= bound : (float)through < bound;
    }

    /// <summary>Moves the least key of <paramref name="keys"/> to its front.</summary>
    public static void LeastToFront(Span<ulong> keys)
    {
        var least = 0;
        for (var i = 1; i < keys.Length; i++)
            least = keys[i] < keys[least] ? i : least;
        (keys[0], keys[least]) = (keys[least], keys[0]);
    }

    /// <summary>Moves the greatest key of <paramref name="keys"/> to its back.</summary>
    public static void GreatestToBack(Span<ulong> keys)
    {
        var greatest = 0;
        for (var i = 1; i < keys.Length; i++)
            greatest = keys[i] > keys[greatest] ? i : greatest;
        (keys[^1], keys[greatest]) = (keys[greatest], keys[^1]);
    }

    private static void Offer(ReadOnlySpan<float> scores, int index, Span<ulong> heap, ref float least)
    {
        if (!(scores[index] > least))
            return;
        heap[0] = Ranked(scores[index], index);
        SiftDown(heap, 0);
        least = scores[RankedIndex(heap[0])];
    }

    private static void SiftDown(Span<ulong> heap, int place)
    {
        var key = heap[place];
        for (int child; (child = 2 * place + 1) < heap.Length; place = child)
        {
            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
                child++;
            if (key <= heap[child])
                break;
            heap[place] = heap[child];
        }
        heap[place] = key;
    }

    /// <summary>Moves lesser keys than one of the middle before it, and greater ones behind.</summary>
    /// <returns>Where that one is.</returns>
    private static int Partition(Span<ulong> keys)
    {
        var (first, middle, last) = (keys[0], keys[keys.Length / 2], keys[^1]);
        var pivot = Math.Max(Math.Min(first, middle), Math.Min(Math.Max(first, middle), last));
        var at = pivot == first ? 0 : pivot == middle ? keys.Length / 2 : keys.Length - 1;
        (keys[at], keys[^1]) = (keys[^1], keys[at]);
        var place = 0;
        for (var i = 0; i < keys.Length - 1; i++)
        {
            // Without a branch: half of them would be mispredicted.
            var key = keys[i];
            keys[i] = keys[place];
            keys[place] = key;
            place += key < pivot ? 1 : 0;
        }
        (keys[place], keys[^1]) = (keys[^1], keys[place]);
        return place;
    }

    /// <summary>An integer that ascends with the number; -0 and 0 have the same.</summary>
    private static uint Ordinal(float number)
    {
        var bits = BitConverter.SingleToUInt32Bits(number + 0f);
        return (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
    }
}
