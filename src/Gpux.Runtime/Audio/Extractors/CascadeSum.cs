using System.Numerics;
using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Audio.Extractors;

/// <summary>A sum in float32, its additions in the order of torch on a CPU: four rows of eight lanes, in runs whose sums are added on
/// their own, and so on over four levels.</summary>
/// <remarks>Source: torch 2.13, aten/src/ATen/native/cpu/SumKernel.cpp, for values that lie side by side, with AVX2.</remarks>
internal static class CascadeSum
{
    private const int Rows = 4, Levels = 4, LeastRunBits = 4;

    public static float Of(ReadOnlySpan<float> values)
    {
        var lanes = Vector256<float>.Count;
        var vectors = values.Length / lanes;
        var rounds = vectors / Rows;
        var runBits = Math.Max(LeastRunBits, CeilLog2(rounds) / Levels);
        var run = 1 << runBits;
        Span<Vector256<float>> sums = stackalloc Vector256<float>[Levels * Rows];
        sums.Clear();
        var round = 0;
        while (round + run <= rounds)
        {
            for (var end = round + run; round < end; round++)
                AddRound(values, round, sums);
            for (var level = 1; level < Levels; level++)
            {
                AddLevel(sums, level - 1, level);
                sums.Slice((level - 1) * Rows, Rows).Clear();
                if ((round & (run - 1) << (level * runBits)) != 0)
                    break;
            }
        }
        for (; round < rounds; round++)
            AddRound(values, round, sums);
        for (var level = 1; level < Levels; level++)
            AddLevel(sums, level, 0);
        for (var vector = rounds * Rows; vector < vectors; vector++)
            sums[0] += Vector256.Create(values[(vector * lanes)..]);
        var total = sums[0] + sums[1] + sums[2] + sums[3];
        var sum = 0f;
        foreach (var value in values[(vectors * lanes)..])
            sum += value;
        for (var lane = 0; lane < lanes; lane++)
            sum += total[lane];
        return sum;
    }

    private static void AddRound(ReadOnlySpan<float> values, int round, Span<Vector256<float>> sums)
    {
        for (var row = 0; row < Rows; row++)
            sums[row] += Vector256.Create(values[((round * Rows + row) * Vector256<float>.Count)..]);
    }

    private static void AddLevel(Span<Vector256<float>> sums, int from, int to)
    {
        for (var row = 0; row < Rows; row++)
            sums[to * Rows + row] += sums[from * Rows + row];
    }

    private static int CeilLog2(int value) => value <= 2 ? 1 : BitOperations.Log2((uint)value - 1) + 1;
}
