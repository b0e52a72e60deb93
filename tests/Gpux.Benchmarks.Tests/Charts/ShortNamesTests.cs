using Gpux.Benchmarks.Charts;

namespace Gpux.Benchmarks.Tests.Charts;

public sealed class ShortNamesTests
{
    [Fact]
    public void What_fits_is_left_alone() => Assert.Equal(["one", "two"], ShortNames.Fit(["one", "two"], 3));

    [Fact]
    public void Common_words_are_cut_and_what_differs_stays() => Assert.Equal(["bert-ba…@v1.0.0, batch 1", "bert-ba…@v1.1.0, batch 1", "bert-ba…@v1.1.0, batch 8"],
        ShortNames.Fit(["bert-base-uncased@v1.0.0, batch 1", "bert-base-uncased@v1.1.0, batch 1", "bert-base-uncased@v1.1.0, batch 8"], 24));

    [Theory]
    [InlineData(4), InlineData(8), InlineData(12), InlineData(20)]
    public void Unlike_names_stay_unlike_in_whatever_room(int room)
    {
        string[] names = [new('n', 1000), new string('n', 999) + "m", "模型/基础-大型 but long enough", "", "x", "a, b, c, d, e, f, g, h, i, j, k, l, m", "a, b, c, d, e, f, X, h, i, j, k, l, m", "x"];
        var fitting = ShortNames.Fit(names, room);
        Assert.All(fitting, name => Assert.True(name.Length <= room, name));
        Assert.Equal(names.Distinct().Count(), fitting.Distinct().Count());
        Assert.Equal(fitting[4], fitting[7]);
    }
}
