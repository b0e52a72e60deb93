using System.Numerics;
using System.Runtime.Intrinsics;

namespace Gpux.Runtime.Generation.Processors;

/// <summary>The tokens of a row that are not removed, in ascending order, with their scores and room for their probabilities.</summary>
/// <remarks>After a first rule few of a vocabulary are left; exponentials and sorting are for those alone.</remarks>
internal readonly ref struct Candidates
{
    private Candidates(Span<int> tokens, Span<float> scores, Span<float> probabilities)
    {
        Tokens = tokens;
        Scores = scores;
        Probabilities = probabilities;
    }

    public int Count => Tokens.Length;
    public Span<int> Tokens { get; }
    public Span<float> Scores { get; }

    /// <summary>Unset before <see cref="Softmax"/>.</summary>
    public Span<float> Probabilities { get; }

    public static Candidates Of(ReadOnlySpan<float> row, int[] tokens, float[] scores, float[] probabilities)
    {
        var lanes = Vector256<int>.Indices;
        var removed = Vector256.Create(float.NegativeInfinity);
        var count = 0;
        var i = 0;
        for (; i <= row.Length - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var block = Vector256.Create(row[i..]);
            var kept = ~Vector256.Equals(block, removed).ExtractMostSignificantBits() & 0xff;
            if (kept == 0)
                continue;
            if (kept == 0xff)
            {
                block.CopyTo(scores, count);
                (lanes + Vector256.Create(i)).CopyTo(tokens, count);
                count += Vector256<float>.Count;
                continue;
            }
            for (; kept != 0; kept &= kept - 1)
            {
                var token = i + BitOperations.TrailingZeroCount(kept);
                scores[count] = row[token];
                tokens[count++] = token;
            }
        }
        for (; i < row.Length; i++)
        {
            if (row[i] == float.NegativeInfinity)
                continue;
            scores[count] = row[i];
            tokens[count++] = i;
        }
        return new Candidates(tokens.AsSpan(0, count), scores.AsSpan(0, count), probabilities.AsSpan(0, count));
    }

    /// <summary>Sets the probabilities. They add up to 1.</summary>
    /// <returns>The greatest score, and the logarithm of the sum of exponentials after it was taken away.</returns>
    public (float Greatest, float LogSum) Softmax()
    {
        var greatest = Rows.Max(Scores);
        var sum = (float)Rows.Exponentials(Scores, greatest, Probabilities);
        Rows.Divide(Probabilities, sum);
        return (greatest, MathF.Log(sum));
    }

    /// <summary>The log-probability of a candidate, from what <see cref="Softmax"/> returned.</summary>
    public float LogProbability(int candidate, (float Greatest, float LogSum) softmax) =>
        Scores[candidate] - softmax.Greatest - softmax.LogSum;

    /// <summary>The entropy of the probabilities in nats, from what <see cref="Softmax"/> returned.</summary>
    public double Entropy((float Greatest, float LogSum) softmax)
    {
        var entropy = 0d;
        for (var i = 0; i < Count; i++)
            entropy -= LogProbability(i, softmax) * Probabilities[i];
        return entropy;
    }
}
