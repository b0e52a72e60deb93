using Gpux.Benchmarks.Measurement;
using Gpux.Conversion.Precision;

namespace Gpux.Benchmarks.Tests.Measurement;

public sealed class LaunchRequestTests
{
    [Fact]
    public void What_is_written_is_read()
    {
        var request = new LaunchRequest
        {
            Model = "./ö \"model\"", Task = "fill-mask", Precision = WeightPrecision.Int8, AllowsDamage = true, Batch = 8, Sequence = 12, NewTokens = 3, Provider = "webgpu", Threads = 2,
            Concurrency = 4, Rate = 12.5, Seed = -7, IsEndToEnd = true, Objectives = GoodputObjectives.Parse(["latency=1.5s", "tpot=20us"]), Limits = MeasurementLimits.Strict.Lasting(TimeSpan.FromSeconds(3)),
        };
        Assert.Equal(request, LaunchRequest.Parse(request.ToJson()));
        Assert.Equal(new LaunchRequest { Model = "m" }, LaunchRequest.Parse(new LaunchRequest { Model = "m" }.ToJson()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"limits\": {}}")]
    public void Anything_else_is_refused(string text) => Assert.Throws<LaunchFailedException>(() => LaunchRequest.Parse(text));

    [Fact]
    public void Configurations_are_all_combinations()
    {
        var request = new BenchmarkRequest(new ModelReference("samples", "x")) { Batches = [1, 8], Precisions = [WeightPrecision.Float32, WeightPrecision.Int8], Concurrencies = [1, 4] };
        Assert.Equal(8, request.Configurations.Distinct().Count());
    }
}
