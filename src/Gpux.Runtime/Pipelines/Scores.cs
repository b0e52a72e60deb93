namespace Gpux.Runtime.Pipelines;

/// <summary>From logits to scores, in float32 as the original computes them.</summary>
internal static class Scores
{
    // Up to so many, insertion is quicker than to sort; beyond, its cost grows with the square.
    private const int Handful = 64;

    public static void Softmax(Span<float> values)
    {
        var max = float.NegativeInfinity;
        foreach (var value in values)
            max = Math.Max(max, value);
        var sum = 0f;
        for (var i = 0; i < values.Length; i++)
            sum += values[i] = MathF.Exp(values[i] - max);
        for (var i = 0; i < values.Length; i++)
            values[i] /= sum;
    }

    public static void Sigmoid(Span<float> values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] = 1 / (1 + MathF.Exp(-values[i]));
    }

    public static int ArgMax(ReadOnlySpan<float> values)
    {
        var best = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[best])
                best = i;
        return best;
    }

    /// <summary>The places of the greatest values, the greatest first, equals in their order.</summary>
    public static int[] Top(ReadOnlySpan<float> values, int count)
    {
        count = Math.Min(count, values.Length);
        return count <= Handful ? TopByInsertion(values, count) : TopBySorting(values, count);
    }

    /// <summary>Those that score best, the best first, equals in their order.</summary>
    public static T[] Top<T>(List<T> all, Func<T, float> score, int count)
    {
        var scores = new float[all.Count];
        for (var i = 0; i < scores.Length; i++)
            scores[i] = score(all[i]);
        return Array.ConvertAll(Top(scores, count), i => all[i]);
    }

    private static int[] TopByInsertion(ReadOnlySpan<float> values, int count)
    {
        var top = new int[count];
        var found = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (found == top.Length && (found == 0 || values[i] <= values[top[^1]]))
                continue;
            var place = found < top.Length ? found++ : found - 1;
            for (; place > 0 && values[i] > values[top[place - 1]]; place--)
                top[place] = top[place - 1];
            top[place] = i;
        }
        return top;
    }

    private static int[] TopBySorting(ReadOnlySpan<float> values, int count)
    {
        // Ascending, by the value's negative and then by the place: the sort itself does not keep the order of equals.
        var keys = new long[values.Length];
        for (var i = 0; i < keys.Length; i++)
            keys[i] = ((long)Descending(values[i]) << 32) | (uint)i;
        Array.Sort(keys);
        var top = new int[count];
        for (var i = 0; i < count; i++)
            top[i] = (int)keys[i];
        return top;
    }

    // A whole number that orders as the negative of a float does.
    private static int Descending(float value)
    {
        // Both zeros are equal.
        var bits = BitConverter.SingleToInt32Bits(value == 0 ? 0 : value);
        return ~(bits < 0 ? bits ^ int.MaxValue : bits);
    }
}
