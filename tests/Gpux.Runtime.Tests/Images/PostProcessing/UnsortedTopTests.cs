using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Tests.Images.PostProcessing;

public sealed class UnsortedTopTests
{
    /// <summary>What std::nth_element of GCC 12 leaves of the same numbers.</summary>
    public static TheoryData<int, uint, uint, int[]> Recorded => new()
    {
        { 40, 1, 1000, [10, 20, 23, 3, 4, 24, 14, 15] },
        { 24, 7, 1000, [1, 15, 2, 12, 11, 10, 7, 14] },
        { 100, 3, 10, [0, 24, 23, 21, 57, 60, 15, 68, 12, 72, 53, 30, 33, 85, 39, 2, 95, 73, 93, 80] },
        { 5, 9, 1000, [4, 2, 1, 0, 3] },
        { 33, 11, 100000, [1, 28, 2, 3, 4, 27, 26, 7, 8, 9, 24, 11, 22, 13, 14, 15, 16, 21, 19, 32, 30, 17, 0, 6, 18, 10, 31, 20, 12, 23, 5, 25] },
    };

    [Theory]
    [MemberData(nameof(Recorded))]
    public void Order_is_that_of_the_original(int count, uint seed, uint range, int[] expected)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
        {
            seed = seed * 1664525 + 1013904223;
            values[i] = (seed >> 8) % range;
        }
        Assert.Equal(expected, UnsortedTop.Places(values, expected.Length));
    }

    [Fact]
    public void Numbers_made_against_the_median_of_three_are_selected_by_a_heap_in_the_originals_order()
    {
        const int Count = 64, Half = Count / 2;
        var values = new float[Count];
        for (var i = 1; i <= Half; i++)
        {
            if (i % 2 == 1)
                (values[i - 1], values[i]) = (-i, -(Half + i));
            values[Half + i - 1] = -2 * i;
        }
        Assert.Equal([1, 0, 2, 47, 4, 46, 6, 45, 8, 44, 10, 43, 12, 42, 14, 41, 16, 40, 18, 39, 20, 38, 22, 37, 24, 36, 26, 35, 28, 34, 30, 33, 32, 49, 48, 3, 50, 5, 7, 51],
            UnsortedTop.Places(values, 40));
    }

    [Fact]
    public void Few_of_many_come_sorted()
    {
        var values = new float[640];
        for (var i = 0; i < values.Length; i++)
            values[i] = i * 37 % 641;
        var top = UnsortedTop.Places(values, 10);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 640f - i), top.Select(place => values[place]));
    }

    [Fact]
    public void More_than_there_are_gives_all() => Assert.Equal([0, 1, 2], UnsortedTop.Places([1, 1, 1], 9).Order());
}
