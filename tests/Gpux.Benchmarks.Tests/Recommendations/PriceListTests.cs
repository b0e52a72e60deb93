using Gpux.Benchmarks.Recommendations;
using Gpux.Benchmarks.Tests.Database;

namespace Gpux.Benchmarks.Tests.Recommendations;

public sealed class PriceListTests
{
    [Fact]
    public void A_million_tokens_cost_what_the_worked_example_says() => Assert.Equal(0.463, PriceList.PerMillion(2.50, 2500, 0.6), 3);

    [Fact]
    public void Prices_that_come_along_have_a_day_and_a_source()
    {
        Assert.Equal(0.40, PriceList.BuiltIn.Cheapest("Tesla T4", 1)!.PerHour);
        Assert.Equal(5.00, PriceList.BuiltIn.Cheapest("NVIDIA H200", 1)!.PerHour);
        Assert.Null(PriceList.BuiltIn.Cheapest("NVIDIA L4", 1));
        Assert.Equal(0.80, PriceList.BuiltIn.Cheapest("NVIDIA T4", 2)!.PerHourOf(2));
        Assert.All(PriceList.BuiltIn.Prices, price => Assert.True(price.AsOf.Year >= 2026 && price.Source.Length > 0));
    }

    [Fact]
    public void A_user_s_own_list_is_read()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["prices.csv"], "source,price,hardware,as_of,currency\n\"mine, really\",1.25,NVIDIA L4,2026-11-01,eur\nelsewhere,1.5,L4,2026-11-01,EUR\n");
        var prices = PriceList.Load(folder["prices.csv"]);
        Assert.Equal((1.25, "mine, really"), prices.Cheapest("NVIDIA L4", 1) is { } price ? (price.PerHour, price.Source) : default);
        Assert.Equal((2, "EUR"), (prices.Prices.Count, prices.Currency));
    }

    [Fact]
    public void Several_devices_cost_the_least_of_what_makes_them_up()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["prices.csv"], "hardware,device_count,price,as_of,source\nNVIDIA H200,1,5,2026-11-01,me\nNVIDIA H200,8,32,2026-11-01,me\n");
        var prices = PriceList.Load(folder["prices.csv"]);
        Assert.Equal(20, prices.Cheapest("NVIDIA H200", 4)!.PerHourOf(4));
        Assert.Equal(64, prices.Cheapest("NVIDIA H200", 16)!.PerHourOf(16));
    }

    [Theory]
    [InlineData("", "no column 'hardware'")]
    [InlineData("hardware,price,as_of\nL4,1,2026-11-01", "no column 'source'")]
    [InlineData("hardware,price,as_of,source,colour\nL4,1,2026-11-01,me,red", "'colour' is none of")]
    [InlineData("hardware,price,as_of,source\nL4,1,2026-11-01", "line 2 has 3 values")]
    [InlineData("hardware,price,as_of,source\nL4,0,2026-11-01,me", "no price above 0")]
    [InlineData("hardware,price,as_of,source\nL4,-1,2026-11-01,me", "no price above 0")]
    [InlineData("hardware,price,as_of,source\nL4,1,yesterday,me", "no day")]
    [InlineData("hardware,price,as_of,source\nL4,1,2026-11-01,", "must be named")]
    [InlineData("hardware,price,as_of,source,unit\nL4,1,2026-11-01,me,month", "for an hour")]
    [InlineData("hardware,price,as_of,source,device_count\nL4,1,2026-11-01,me,0", "no number of devices")]
    [InlineData("hardware,price,as_of,source,currency\nL4,1,2026-11-01,me,$", "no currency")]
    [InlineData("hardware,price,as_of,source,currency\nL4,1,2026-11-01,me,EUR\nT4,1,2026-11-01,me,USD", "prices in EUR and USD")]
    [InlineData("hardware,price,as_of,source,kind\nL4,1,2026-11-01,me,stolen", "none of on-demand")]
    public void A_list_that_makes_no_sense_is_refused(string text, string problem)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["prices.csv"], text);
        Assert.Contains(problem, Assert.Throws<PriceListException>(() => PriceList.Load(folder["prices.csv"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_is_not_there_is_refused() => Assert.Throws<PriceListException>(() => PriceList.Load("/no/such/prices.csv"));
}
