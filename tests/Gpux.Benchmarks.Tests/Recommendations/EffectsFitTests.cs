using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Statistics;
using MathNet.Numerics.LinearAlgebra;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class EffectsFitTests
{
    [Fact]
    public void Cholesky_solves_and_inverts()
    {
        var random = new Random(3);
        const int Size = 37;
        var root = Matrix<double>.Build.Dense(Size, Size, (_, _) => random.NextDouble() - 0.5);
        var matrix = root * root.Transpose() + Matrix<double>.Build.DenseIdentity(Size);
        var right = Vector<double>.Build.Dense(Size, i => i);
        var factor = CholeskyFactor.Of([.. Enumerable.Range(0, Size).SelectMany(i => matrix.Row(i, 0, i + 1))], Size);
        var solved = right.ToArray();
        factor.Solve(solved);
        Assert.Equal(0, (Vector<double>.Build.Dense(solved) - matrix.Solve(right)).InfinityNorm(), 10);
        Assert.Equal(0, (Vector<double>.Build.Dense(factor.InverseDiagonal()) - matrix.Inverse().Diagonal()).InfinityNorm(), 10);
    }

    [Fact]
    public void Cholesky_refuses_what_is_not_positive() => Assert.Throws<ArithmeticException>(() => CholeskyFactor.Of([1, 2, 1], 2));

    /// <summary>The absorbed equations give what the covariance matrix of all rows gives, inverted as it is.</summary>
    [Fact]
    public void Forecast_is_the_best_linear_unbiased_predictor()
    {
        var random = new Random(5);
        var design = new EffectsDesign();
        var levels = new List<EffectLevels>();
        for (var model = 0; model < 4; model++)
            for (var platform = 0; platform < 3; platform++)
                for (var config = 0; config < 2; config++)
                    if ((model + platform + config) % 3 != 0)
                        levels.Add(Of(model, platform, config));
        foreach (var each in levels)
            design.Add(each, offset: 0.25);
        var values = levels.Select(_ => random.NextDouble()).ToArray();
        var runs = levels.Select((_, i) => 1 + i % 3).ToArray();
        var variances = new EffectVariances([0.5, 1, 0.3, 0.2, 1, 0.4, 0.1], 0.15, 0.07, 0.02);
        var fit = EffectsFit.Solve(design, values, runs, variances);

        double Covariance(EffectLevels a, EffectLevels b) => (a.Hardware == b.Hardware ? 0.5 : 0) + (a.Family == b.Family ? 0.3 : 0) + (a.Model == b.Model ? 0.2 : 0)
            + (a.Runner == b.Runner ? 0.4 : 0) + (a.Precision == b.Precision ? 0.1 : 0) + (a.Hardware == b.Hardware && a.Model == b.Model ? 0.15 : 0) + 1e4; // a free intercept
        var covariance = Matrix<double>.Build.Dense(levels.Count, levels.Count, (i, j) => Covariance(levels[i], levels[j]) + (i == j ? 0.07 + 0.02 / runs[i] : 0));
        var residuals = Vector<double>.Build.Dense(levels.Count, i => values[i] - 0.25);
        void Same(EffectLevels asked, int measured)
        {
            var cross = Vector<double>.Build.Dense(levels.Count, i => Covariance(levels[i], asked) + (i == measured ? 0.07 : 0));
            var weights = covariance.Solve(cross);
            var forecast = fit.Forecast(design.Row(asked, 0.25), measured);
            Assert.Equal(0.25 + weights.DotProduct(residuals), forecast.Mean, 5);
            Assert.Equal(Covariance(asked, asked) + 0.07 - weights.DotProduct(cross), forecast.Variance, 5);
        }
        Same(levels[3], 3);
        Same(levels[3] with { Precision = "int8" }, -1);
        Same(Of(0, 0, 0), -1);
        Same(Of(9, 1, 0), -1);
        Same(Of(1, 9, 1), -1);
        Same(Of(9, 9, 0), -1);

        static EffectLevels Of(int model, int platform, int config) =>
            new($"h{platform}", true, $"f{model % 2}", $"m{model}", true, platform == 0 ? "cpu" : "cuda", config == 0 ? "fp32" : "fp16");
    }

    [Fact]
    public void Runs_outweigh_the_others_as_they_grow()
    {
        var design = new EffectsDesign();
        foreach (var model in (string[])["a", "b", "c", "d"])
            design.Add(new EffectLevels("h", true, "f", model, true, "cpu", "fp32"), 0);
        var variances = EffectVariances.Prior with { Noise = 0.1 };
        double[] values = [1, 0, 0, 0];
        double Forecast(int runs) => EffectsFit.Solve(design, values, [runs, 5, 5, 5], variances).Forecast(design.Rows[0], measured: 0).Mean;
        double[] means = [Forecast(0), Forecast(1), Forecast(5), Forecast(50), Forecast(1_000_000)];
        Assert.Equal(0, means[0], 6);
        Assert.Equal(means.Order(), means);
        Assert.Equal(1, means[^1], 3);
    }

    [Fact]
    public void Variances_are_found_again()
    {
        var random = new Random(11);
        double Gauss(double deviation) => MathNet.Numerics.Distributions.Normal.Sample(random, 0, deviation);
        var design = new EffectsDesign();
        var (values, runs) = (new List<double>(), new List<int>());
        var platforms = Enumerable.Range(0, 60).Select(_ => Gauss(0.7)).ToArray();
        for (var model = 0; model < 60; model++)
        {
            var effect = Gauss(0.2);
            for (var platform = 0; platform < 60; platform += 2)
            {
                var h = (platform + model) % 60;
                var pair = Gauss(0.3);
                for (var precision = 0; precision < 2; precision++)
                {
                    design.Add(new EffectLevels($"h{h}", true, "f", $"m{model}", true, "cuda", $"p{precision}"), 0);
                    values.Add(effect + platforms[h] + pair + Gauss(0.1) + Gauss(0.05));
                    runs.Add(1);
                }
            }
        }
        var learnt = EffectsFit.Learn(design, [.. values], runs.ToArray(), noise: 0.05 * 0.05);
        Assert.InRange(Math.Sqrt(learnt.Groups[(int)EffectGroup.Hardware]), 0.55, 0.85);
        Assert.InRange(Math.Sqrt(learnt.Groups[(int)EffectGroup.Model]), 0.14, 0.27);
        Assert.InRange(Math.Sqrt(learnt.Pair), 0.27, 0.33);
        Assert.InRange(Math.Sqrt(learnt.Cell), 0.08, 0.12);
    }
}
