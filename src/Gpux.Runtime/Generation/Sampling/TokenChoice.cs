using System.Buffers;
using Gpux.Runtime.Generation.Processors;

namespace Gpux.Runtime.Generation.Sampling;

/// <summary>Chooses a token by its score.</summary>
internal static class TokenChoice
{
    /// <summary>The token with the greatest score; the first of equal ones.</summary>
    /// <exception cref="InvalidLogitsException">A score is NaN, or all tokens are removed.</exception>
    public static int Greatest(ReadOnlySpan<float> scores)
    {
        var greatest = Rows.Max(scores);
        if (float.IsNaN(greatest))
            throw NotANumber();
        return greatest > float.NegativeInfinity ? scores.IndexOf(greatest) : throw NothingLeft();
    }

    /// <summary>A token drawn by the softmax of the scores.</summary>
    /// <exception cref="InvalidLogitsException">A score is NaN or infinite, or all tokens are removed.</exception>
    public static int Draw(in Candidates candidates, ref RandomStream random)
    {
        var weights = ArrayPool<double>.Shared.Rent(Math.Max(candidates.Count, 1));
        try
        {
            var total = Weights(candidates.Scores, weights);
            return candidates.Tokens[Draw(weights.AsSpan(0, candidates.Count), total, ref random)];
        }
        finally
        {
            ArrayPool<double>.Shared.Return(weights);
        }
    }

    /// <summary>Different places, drawn one after another by the softmax of the scores, each among those that are left.</summary>
    /// <remarks>Where fewer scores are likely at all, the greatest of the others follow.</remarks>
    /// <exception cref="InvalidLogitsException">A score is NaN or infinite, or all tokens are removed.</exception>
    public static void DrawDifferent(ReadOnlySpan<float> scores, Span<int> drawn, ref RandomStream random)
    {
        var weights = ArrayPool<double>.Shared.Rent(scores.Length);
        var places = ArrayPool<int>.Shared.Rent(scores.Length);
        try
        {
            Weights(scores, weights);
            var likely = 0;
            for (var i = 0; i < scores.Length; i++)
            {
                if (!(weights[i] > 0))
                    continue;
                places[likely] = i;
                weights[likely++] = weights[i];
            }
            for (var i = 0; i < drawn.Length; i++)
            {
                if (likely == 0)
                {
                    drawn[i] = GreatestBeside(scores, drawn[..i]);
                    continue;
                }
                var chosen = Draw(weights.AsSpan(0, likely), Sum(weights.AsSpan(0, likely)), ref random);
                drawn[i] = places[chosen];
                likely--;
                places.AsSpan(chosen + 1, likely - chosen).CopyTo(places.AsSpan(chosen));
                weights.AsSpan(chosen + 1, likely - chosen).CopyTo(weights.AsSpan(chosen));
            }
        }
        finally
        {
            ArrayPool<double>.Shared.Return(weights);
            ArrayPool<int>.Shared.Return(places);
        }
    }

    /// <summary>Writes e^(score - greatest).</summary>
    /// <returns>Their sum.</returns>
    private static double Weights(ReadOnlySpan<float> scores, double[] weights)
    {
        var greatest = Rows.Max(scores);
        if (float.IsNaN(greatest))
            throw NotANumber();
        if (float.IsInfinity(greatest))
            throw greatest < 0 ? NothingLeft() : new InvalidLogitsException("a score is infinite");
        return Rows.Exponentials(scores, greatest, weights);
    }

    private static int Draw(ReadOnlySpan<double> weights, double total, ref RandomStream random)
    {
        var left = random.NextDouble() * total;
        var last = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            left -= weights[i];
            if (left < 0)
                return i;
            if (weights[i] > 0)
                last = i;
        }
        // Rounding can leave a rest behind the last one.
        return last;
    }

    private static double Sum(ReadOnlySpan<double> weights)
    {
        var sum = 0d;
        foreach (var weight in weights)
            sum += weight;
        return sum;
    }

    private static int GreatestBeside(ReadOnlySpan<float> scores, ReadOnlySpan<int> taken)
    {
        var greatest = -1;
        for (var i = 0; i < scores.Length; i++)
        {
            if ((greatest < 0 || scores[i] > scores[greatest]) && !taken.Contains(i))
                greatest = i;
        }
        return greatest;
    }

    private static InvalidLogitsException NotANumber() => new("a score is NaN");

    private static InvalidLogitsException NothingLeft() => new("the rules remove every token");
}
