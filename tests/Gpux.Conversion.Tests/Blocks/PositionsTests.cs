using Gpux.Conversion.Blocks;

namespace Gpux.Conversion.Tests.Blocks;

public sealed class PositionsTests
{
    [Theory]
    // 32 buckets, 16 for each side: 8 of one distance each, then 16 = 8 * 2 lies a quarter of the way from 8 to 128.
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(8, 8)]
    [InlineData(11, 8)]
    [InlineData(12, 9)]
    [InlineData(16, 10)]
    [InlineData(32, 12)]
    [InlineData(64, 14)]
    [InlineData(127, 15)]
    [InlineData(100_000, 15)]
    [InlineData(-1, 17)]
    [InlineData(-7, 23)]
    [InlineData(-16, 26)]
    [InlineData(-128, 31)]
    public void Buckets_are_those_of_the_paper(int distance, long bucket) => Assert.Equal(bucket, Positions.Bucket(distance, 32, 128));
}
