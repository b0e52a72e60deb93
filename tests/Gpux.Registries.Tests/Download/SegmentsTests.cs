using Gpux.Registries.Download;

namespace Gpux.Registries.Tests.Download;

public sealed class SegmentsTests
{
    private const long Size = 100 << 20;

    [Fact]
    public void Request_that_is_alone_is_for_all_that_is_left()
    {
        var segments = new Segments(Size, [new Extent(0, 1000)], TimeProvider.System);
        var taken = segments.Take(requests: 1, bytesPerSecond: 0, whole: false)!;
        Assert.Equal((1000, Size), (taken.Position, taken.End));
    }

    [Fact]
    public void Requests_that_join_share_what_the_first_has_not_reached()
    {
        var segments = new Segments(Size, [], TimeProvider.System);
        var first = segments.Take(requests: 1, bytesPerSecond: 0, whole: false)!;
        segments.Advance(first, 10 << 20);
        Assert.True(segments.CanTake(requests: 2, bytesPerSecond: 0));
        var second = segments.Take(requests: 2, bytesPerSecond: 0, whole: false)!;
        Assert.InRange(first.End, first.Position + Segments.SmallestBytes, Size / 2);
        Assert.Equal(first.End, second.Start);
        var third = segments.Take(requests: 3, bytesPerSecond: 0, whole: false)!;
        Assert.Equal(second.End, third.Start);
    }

    [Fact]
    public void Request_without_an_end_is_not_shared()
    {
        var segments = new Segments(Size, [], TimeProvider.System);
        segments.Take(requests: 1, bytesPerSecond: 0, whole: true);
        Assert.False(segments.CanTake(requests: 2, bytesPerSecond: 0));
        Assert.Null(segments.Take(requests: 2, bytesPerSecond: 0, whole: false));
    }

    [Fact]
    public void End_of_a_shared_request_is_left_to_it()
    {
        var segments = new Segments(Size, [], TimeProvider.System);
        var first = segments.Take(requests: 1, bytesPerSecond: 0, whole: false)!;
        segments.Advance(first, (int)(Size - Segments.SmallestBytes));
        Assert.False(segments.CanTake(requests: 2, bytesPerSecond: 0));
    }
}
