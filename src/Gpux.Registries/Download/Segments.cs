namespace Gpux.Registries.Download;

/// <summary>A stretch of a file that one request at a time brings, from its start on.</summary>
internal sealed class Segment(long start, long end)
{
    public long Start { get; } = start;

    /// <summary>Up to where it is written.</summary>
    public long Position { get; set; } = start;

    /// <summary>Where it ends; <see cref="long.MaxValue"/> while the file's size is unknown.</summary>
    public long End { get; set; } = end;

    public bool IsTaken { get; set; }

    /// <summary>Whether its request, the only one then, asked for more than one of several would: the others may have what it has
    /// not reached.</summary>
    public bool IsShareable { get; set; }

    /// <summary>Where the bytes of it are noted; -1 for nowhere yet.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>The position at <see cref="Since"/>: tells how fast its request is.</summary>
    public long From { get; set; }

    /// <summary>When it was taken.</summary>
    public long Since { get; set; }

    /// <summary>Ends its request because another took over all that it still lacks.</summary>
    public CancellationTokenSource? Request { get; set; }
}

/// <summary>Shares a file out among the requests that bring it. Callers lock.</summary>
/// <remarks>Requests are for long stretches, because each costs a round trip, a redirect and a part of the registry's rate limit.
/// A request that is alone is for all that is left, and is cut short when others join it. A request that finds nothing left takes
/// over the half, or all, of what the slowest other one still lacks: no slow tail.</remarks>
internal sealed class Segments
{
    /// <summary>No request for less than this, except for the rest of a file.</summary>
    public const long SmallestBytes = 4 << 20;

    private const long LargestBytes = 1 << 30;
    private const long SmallestHalf = 256 << 10;

    // Rate limits count requests: no file needs more than about so many.
    private const int MostRequests = 1000;

    private static readonly TimeSpan TimePerRequest = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ShortTail = TimeSpan.FromSeconds(0.75);

    private readonly List<Segment> _all = [];
    private readonly TimeProvider _clock;
    private long _sizeBytes;
    private int _firstOpen;

    /// <param name="sizeBytes">Null while unknown: there is one segment then.</param>
    /// <param name="kept">What is written already, in order.</param>
    public Segments(long? sizeBytes, List<Extent> kept, TimeProvider clock)
    {
        _clock = clock;
        _sizeBytes = sizeBytes ?? long.MaxValue;
        var at = 0L;
        foreach (var extent in kept)
        {
            if (extent.Start > at)
                _all.Add(new Segment(at, extent.Start));
            // The first one has slot 0 when the file is spread out; each has a slot of its index where it is already.
            _all.Add(new Segment(extent.Start, extent.End) { Position = extent.End });
            DoneBytes += extent.Length;
            at = extent.End;
        }
        if (at < _sizeBytes || at == 0)
            _all.Add(new Segment(at, _sizeBytes));
    }

    public long DoneBytes { get; private set; }

    public bool IsComplete => PrefixBytes == _sizeBytes;

    /// <summary>How many bytes are there from the start of the file without a hole.</summary>
    public long PrefixBytes
    {
        get
        {
            for (; _firstOpen < _all.Count; _firstOpen++)
            {
                if (_all[_firstOpen].Position < _all[_firstOpen].End)
                    return _all[_firstOpen].Position;
            }
            return _all[^1].End;
        }
    }

    /// <summary>Sets the size, once it is known or the stream has ended.</summary>
    public void SetSize(long sizeBytes)
    {
        if (_sizeBytes == sizeBytes)
            return;
        _sizeBytes = sizeBytes;
        _all[^1].End = sizeBytes;
    }

    /// <summary>Takes what one request is to bring next; null where nothing is left that is worth one.</summary>
    /// <param name="requests">How many are on their way, this one included.</param>
    /// <param name="bytesPerSecond">What a request brought lately; 0 while unknown.</param>
    /// <param name="whole">Whether the rest of the file is to come by one request.</param>
    public Segment? Take(int requests, double bytesPerSecond, bool whole)
    {
        var segment = FirstFree() ?? Share(requests, bytesPerSecond) ?? TakeOver(bytesPerSecond);
        if (segment is null)
            return null;
        var isAlone = requests == 1;
        var most = whole || isAlone ? long.MaxValue : LengthOfRequest(requests, bytesPerSecond);
        // What remains after it must be worth a request too.
        if (segment.End - segment.Position - most > most / 2)
        {
            _all.Insert(_all.IndexOf(segment) + 1, new Segment(segment.Position + most, segment.End));
            segment.End = segment.Position + most;
        }
        (segment.IsTaken, segment.IsShareable) = (true, isAlone && !whole);
        (segment.From, segment.Since) = (segment.Position, _clock.GetTimestamp());
        return segment;
    }

    /// <summary>Takes the end of a file that seems complete, to ask whether it still is that version.</summary>
    public Segment TakeEnd() => new(_sizeBytes, _sizeBytes) { Since = _clock.GetTimestamp(), From = _sizeBytes };

    /// <summary>Whether <see cref="Take"/> would find something for one more request.</summary>
    /// <param name="requests">How many there are then.</param>
    public bool CanTake(int requests, double bytesPerSecond) =>
        FirstFree() is not null || Shareable(LengthOfRequest(requests, bytesPerSecond)) is not null || Slowest(bytesPerSecond) is not null;

    /// <summary>Counts bytes that were written at a segment's position.</summary>
    public void Advance(Segment segment, int bytes)
    {
        // Less counts where another request took over what came meanwhile.
        var position = Math.Min(segment.Position + bytes, Math.Max(segment.End, segment.Position));
        DoneBytes += position - segment.Position;
        segment.Position = position;
    }

    /// <summary>The bytes per second of a segment's request so far.</summary>
    public double RateOf(Segment segment)
    {
        var seconds = _clock.GetElapsedTime(segment.Since).TotalSeconds;
        return seconds > 0 ? (segment.Position - segment.From) / seconds : 0;
    }

    private long LengthOfRequest(int requests, double bytesPerSecond)
    {
        var least = Math.Max(SmallestBytes, _sizeBytes / MostRequests);
        var share = (_sizeBytes - DoneBytes) / (2 * requests);
        var byTime = bytesPerSecond > 0 ? (long)(bytesPerSecond * TimePerRequest.TotalSeconds) : 2 * SmallestBytes;
        return Math.Clamp(Math.Min(share, byTime), least, Math.Max(least, LargestBytes));
    }

    private Segment? FirstFree()
    {
        for (var i = _firstOpen; i < _all.Count; i++)
        {
            if (!_all[i].IsTaken && _all[i].Position < _all[i].End)
                return _all[i];
        }
        return null;
    }

    private Segment? Share(int requests, double bytesPerSecond)
    {
        var most = LengthOfRequest(requests, bytesPerSecond);
        if (Shareable(most) is not { } shared)
            return null;
        var rest = new Segment(shared.Position + most, shared.End);
        _all.Insert(_all.IndexOf(shared) + 1, rest);
        (shared.End, shared.IsShareable) = (rest.Start, false);
        return rest;
    }

    private Segment? Shareable(long kept)
    {
        for (var i = _firstOpen; i < _all.Count; i++)
        {
            if (_all[i] is { IsTaken: true, IsShareable: true } segment && segment.End - segment.Position - kept > kept / 2)
                return segment;
        }
        return null;
    }

    private Segment? TakeOver(double bytesPerSecond)
    {
        if (Slowest(bytesPerSecond) is not { } slowest)
            return null;
        var (lacks, rate) = (slowest.End - slowest.Position, RateOf(slowest));
        // A crawling request would be slow with its half too.
        var takesAll = rate * 4 < bytesPerSecond;
        var middle = takesAll ? slowest.Position : slowest.Position + (lacks / 2);
        var taken = new Segment(middle, slowest.End);
        _all.Insert(_all.IndexOf(slowest) + 1, taken);
        slowest.End = middle;
        if (takesAll)
            _ = slowest.Request?.CancelAsync(); // not here: its continuation would find this list half changed
        return taken;
    }

    private Segment? Slowest(double bytesPerSecond)
    {
        Segment? slowest = null;
        var longest = ShortTail.TotalSeconds;
        for (var i = _firstOpen; i < _all.Count; i++)
        {
            var segment = _all[i];
            if (!segment.IsTaken || segment.End == long.MaxValue || segment.End - segment.Position < 2 * SmallestHalf
                || _clock.GetElapsedTime(segment.Since) < ShortTail)
                continue;
            var left = (segment.End - segment.Position) / Math.Max(1, RateOf(segment));
            if (left > longest)
                (slowest, longest) = (segment, left);
        }
        return slowest;
    }
}
