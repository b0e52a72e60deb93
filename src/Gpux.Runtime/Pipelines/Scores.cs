namespace Gpux.Runtime.Pipelines;

/// <summary>From logits to scores, in float32 as the original computes them.</summary>
internal static class Scores
{
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
        // By insertion: a handful is asked for, of what may be a vocabulary.
        var top = new int[Math.Min(count, values.Length)];
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
}
