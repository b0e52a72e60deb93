using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Tests.Pipelines;

public sealed class ScoresTests
{
    [Fact]
    public void Softmax_of_large_logits_does_not_overflow()
    {
        float[] values = [1000, 1001, -1000];
        Scores.Softmax(values);
        Assert.Equal(0.26894143f, values[0], 1e-6f);
        Assert.Equal(0.7310586f, values[1], 1e-6f);
        Assert.Equal(0, values[2]);
    }

    [Fact]
    public void Sigmoid_saturates()
    {
        float[] values = [-200, 0, 200, 1];
        Scores.Sigmoid(values);
        Assert.Equal(0, values[0], 1e-30f);
        Assert.Equal(0.5f, values[1]);
        Assert.Equal(1, values[2]);
        Assert.Equal(0.7310586f, values[3], 1e-6f);
    }

    [Fact]
    public void Equal_values_keep_their_order() => Assert.Equal([1, 3, 0, 2], Scores.Top([1, 2, 1, 2, 0], 4));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(2999)]
    [InlineData(int.MaxValue)]
    public void Top_is_the_head_of_a_stable_sort(int count)
    {
        var random = new Random(5);
        var values = new float[3000];
        for (var i = 0; i < values.Length; i++)
            values[i] = random.Next(500); // many are equal
        Assert.Equal(Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).Take(count), Scores.Top(values, count));
    }
}
