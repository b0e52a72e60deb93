namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>The greatest values in the order in which torch's topk gives them when it need not sort them.</summary>
/// <remarks>Regions are numbered in that order, so it shows. It is what C++'s nth_element leaves, in the form that GNU's library has
/// (introselect: median of three, partitioning without a guard, insertion sort of the last three), unless few of many are wanted: then
/// they come sorted. Source: torch 2.13, aten/src/ATen/native/TopKImpl.h; libstdc++, stl_algo.h.</remarks>
internal static class UnsortedTop
{
    // torch sorts where a sixty-fourth of the values, or less, is wanted.
    private const int SortedShare = 64;

    /// <summary>Numbers no more than the values.</summary>
    public static int[] Places(ReadOnlySpan<float> values, int count)
    {
        var queue = new int[values.Length];
        for (var i = 0; i < queue.Length; i++)
            queue[i] = i;
        count = Math.Min(count, queue.Length);
        if ((long)count * SortedShare <= queue.Length)
            return Pipelines.Scores.Top(values, count);
        if (count > 0)
            Select(queue, values, count - 1);
        return queue[..count];
    }

    private static void Select(int[] queue, ReadOnlySpan<float> values, int nth)
    {
        var (first, last) = (0, queue.Length);
        // When as many halvings have not been enough, the library selects by a heap; values must be made for that.
        for (var depth = 2 * int.Log2(queue.Length); last - first > 3; depth--)
        {
            if (depth == 0)
            {
                SelectByHeap(queue, values, first, nth + 1, last);
                (queue[first], queue[nth]) = (queue[nth], queue[first]);
                return;
            }
            var cut = Partition(queue, values, first, last);
            if (cut <= nth)
                first = cut;
            else
                last = cut;
        }
        for (var i = first + 1; i < last; i++)
        {
            var value = queue[i];
            var place = i;
            for (; place > first && values[value] > values[queue[place - 1]]; place--)
                queue[place] = queue[place - 1];
            queue[place] = value;
        }
    }

    private static int Partition(int[] queue, ReadOnlySpan<float> values, int first, int last)
    {
        var (a, b, c) = (first + 1, first + (last - first) / 2, last - 1);
        var median = values[queue[a]] > values[queue[b]]
            ? values[queue[b]] > values[queue[c]] ? b : values[queue[a]] > values[queue[c]] ? c : a
            : values[queue[a]] > values[queue[c]] ? a : values[queue[b]] > values[queue[c]] ? c : b;
        (queue[first], queue[median]) = (queue[median], queue[first]);
        var pivot = values[queue[first]];
        var (low, high) = (first + 1, last);
        while (true)
        {
            while (values[queue[low]] > pivot)
                low++;
            high--;
            while (pivot > values[queue[high]])
                high--;
            if (low >= high)
                return low;
            (queue[low], queue[high]) = (queue[high], queue[low]);
            low++;
        }
    }

    // The least of the best so far lies on top of a heap; what is greater takes its place.
    private static void SelectByHeap(int[] queue, ReadOnlySpan<float> values, int first, int middle, int last)
    {
        var length = middle - first;
        for (var parent = (length - 2) / 2; length > 1 && parent >= 0; parent--)
            Sink(queue, values, first, parent, length, queue[first + parent]);
        for (var i = middle; i < last; i++)
        {
            if (values[queue[i]] <= values[queue[first]])
                continue;
            var value = queue[i];
            queue[i] = queue[first];
            Sink(queue, values, first, 0, length, value);
        }
    }

    private static void Sink(int[] queue, ReadOnlySpan<float> values, int first, int hole, int length, int value)
    {
        var top = hole;
        var child = hole;
        while (child < (length - 1) / 2)
        {
            child = 2 * (child + 1);
            if (values[queue[first + child]] > values[queue[first + child - 1]])
                child--;
            queue[first + hole] = queue[first + child];
            hole = child;
        }
        if ((length & 1) == 0 && child == (length - 2) / 2)
        {
            child = 2 * (child + 1);
            queue[first + hole] = queue[first + child - 1];
            hole = child - 1;
        }
        for (var parent = (hole - 1) / 2; hole > top && values[queue[first + parent]] > values[value]; parent = (hole - 1) / 2)
        {
            queue[first + hole] = queue[first + parent];
            hole = parent;
        }
        queue[first + hole] = value;
    }
}
