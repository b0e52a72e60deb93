using System.Runtime.InteropServices;

namespace Gpux.Runtime.Tests.Generation;

/// <summary>Layers of transformers on single vectors in float64: slow, and simple enough to be believed.</summary>
internal sealed class PlainMath(string checkpoint)
{
    private readonly Dictionary<string, (long[] Shape, byte[] Bytes)> _tensors = RecordedCase.ReadTensors(checkpoint);
    private readonly Dictionary<string, double[]> _read = [];

    public double[] this[string name] => _read.TryGetValue(name, out var values) ? values
        : _read[name] = [.. MemoryMarshal.Cast<byte, float>(_tensors[name].Bytes).ToArray().Select(value => (double)value)];

    public double[] Row(string name, int row)
    {
        var width = (int)_tensors[name].Shape[1];
        return this[name][(row * width)..((row + 1) * width)];
    }

    /// <param name="outputMajor">Whether a weight is [out, in], as in Linear, or [in, out], as in GPT-2's Conv1D.</param>
    public double[] Linear(double[] x, string name, bool outputMajor = true)
    {
        var (weight, result) = (this[name + ".weight"], (double[])this[name + ".bias"].Clone());
        for (var o = 0; o < result.Length; o++)
        {
            for (var i = 0; i < x.Length; i++)
                result[o] += x[i] * (outputMajor ? weight[o * x.Length + i] : weight[i * result.Length + o]);
        }
        return result;
    }

    public double[] LayerNorm(double[] x, string name, double epsilon)
    {
        var (weight, bias, mean) = (this[name + ".weight"], this[name + ".bias"], x.Average());
        var scale = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + epsilon);
        return [.. x.Select((value, i) => (value - mean) * scale * weight[i] + bias[i])];
    }

    /// <summary>The product of x with each row of a matrix.</summary>
    public double[] Scores(double[] x, string matrix)
    {
        var rows = this[matrix];
        return [.. Enumerable.Range(0, rows.Length / x.Length).Select(row => Dot(x, rows.AsSpan(row * x.Length, x.Length)))];
    }

    public static double[] Add(double[] left, double[] right) => [.. left.Zip(right, (l, r) => l + r)];

    /// <summary>Scaled dot-product attention; zero if nothing is attended to.</summary>
    public static double[] Attend(double[] query, IReadOnlyList<double[]> keys, IReadOnlyList<double[]> values, Func<int, bool> attended, int heads)
    {
        var (result, size) = (new double[query.Length], query.Length / heads);
        int[] places = [.. Enumerable.Range(0, keys.Count).Where(attended)];
        for (var start = 0; start < query.Length && places.Length > 0; start += size)
        {
            var at = start;
            double[] scores = [.. places.Select(place => Dot(query.AsSpan(at, size), keys[place].AsSpan(at, size)) / Math.Sqrt(size))];
            var greatest = scores.Max();
            double[] weights = [.. scores.Select(score => Math.Exp(score - greatest))];
            var sum = weights.Sum();
            for (var n = 0; n < places.Length; n++)
            {
                for (var i = start; i < start + size; i++)
                    result[i] += weights[n] / sum * values[places[n]][i];
            }
        }
        return result;
    }

    private static double Dot(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var sum = 0d;
        for (var i = 0; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
    }

    public static double TanhGelu(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));

    public static double Gelu(double x) => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)));

    private static double Erf(double x)
    {
        if (Math.Abs(x) > 5)
            return Math.Sign(x);
        var (sum, term) = (x, x);
        for (var n = 1; n < 120; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
