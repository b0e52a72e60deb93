namespace Gpux.Registries.Download;

/// <summary>Decides how many connections bring files at once, and for which of them.</summary>
/// <remarks>One connection begins. What it brings at first tells whether it is enough for now; else there are four at once. From
/// then on the width climbs while that pays: it doubles, and stays so if more bytes came by it within a fraction of a second than
/// before; else it goes back, and tries again only after a while. Servers that refuse a connection halve it.</remarks>
internal sealed class Connections : IDisposable
{
    private const int WidthAfterLook = 4;

    // One connection that is so fast is not limited, nor far away; more of them would take turns on the same link and processor.
    private const double PlentyBytesPerSecond = 250e6;

    // Less is noise: doubling connections that are limited each doubles the rate.
    private const double WorthwhileGain = 1.15;

    // So much is seen at once; whether less is a gain needs the whole interval.
    private const double ClearGain = 1.5;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan ShortInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan PauseOfPlenty = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _clock;
    private readonly Lock _lock = new();
    private readonly List<FileTransfer> _files = [];
    private readonly SemaphoreSlim _free;
    private int _inUse;
    private int _waiting;
    private int _starting;
    private int _width;
    private int _widthBefore;
    private double _rateBefore;
    private long _bytes;
    private long _since;
    private Phase _phase;
    private long _pausedAt;
    private TimeSpan _pause;

    /// <param name="most">Never more than this.</param>
    public Connections(int most, TimeProvider clock)
    {
        (Most, _clock) = (most, clock);
        _free = new SemaphoreSlim(most);
        _width = _widthBefore = 1;
    }

    private enum Phase
    {
        /// <summary>Nothing has come yet.</summary>
        Beginning,

        /// <summary>One connection shows how fast it is.</summary>
        Looking,

        /// <summary>Connections that are still coming about say nothing of what they will bring.</summary>
        Settling,
        Measuring,
    }

    public int Most { get; }

    /// <summary>Waits for the first connection of a file, which it has for as long as it lasts.</summary>
    public async Task EnterAsync(FileTransfer file, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waiting);
        try
        {
            await _free.WaitAsync(cancellationToken);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
        lock (_lock)
        {
            if (_files.Count == 0 && _phase != Phase.Beginning)
                Begin(Phase.Settling);
            _files.Add(file);
            _inUse++;
        }
    }

    /// <summary>Gives back a connection.</summary>
    /// <param name="isLast">Whether the file has none any more.</param>
    public void Leave(FileTransfer file, bool isLast)
    {
        lock (_lock)
        {
            _inUse--;
            if (isLast)
                _files.Remove(file);
        }
        _free.Release();
        Widen();
    }

    /// <summary>Whether a connection that has done its part may do another: not if there are more than wanted, and never while a
    /// file has none.</summary>
    public bool MayGoOn => Volatile.Read(ref _waiting) == 0 && Volatile.Read(ref _inUse) <= Volatile.Read(ref _width);

    /// <summary>Tells that a request is on its way.</summary>
    public void Starting() => Interlocked.Increment(ref _starting);

    /// <summary>Tells that its first bytes came, or that it failed.</summary>
    public void Started() => Interlocked.Decrement(ref _starting);

    /// <summary>Counts bytes that came, and now and then draws conclusions.</summary>
    public void Came(int bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        if (_clock.GetElapsedTime(_since) < Shortest(_phase))
            return;
        lock (_lock)
        {
            var elapsed = _clock.GetElapsedTime(_since);
            if (elapsed < Shortest(_phase))
                return;
            var rate = _bytes / elapsed.TotalSeconds;
            switch (_phase)
            {
                case Phase.Beginning:
                    Begin(Phase.Looking);
                    return;
                case Phase.Looking:
                    if (rate >= PlentyBytesPerSecond)
                        Pause(PauseOfPlenty);
                    else
                        _width = _widthBefore = Math.Min(WidthAfterLook, Most);
                    Begin(Phase.Settling);
                    break;
                case Phase.Settling:
                    if (Volatile.Read(ref _starting) == 0 || elapsed >= LongestStart)
                        Begin(Phase.Measuring);
                    return;
                case Phase.Measuring:
                    if (elapsed < Interval && _width > _widthBefore && rate < _rateBefore * ClearGain)
                        return;
                    Judge(rate);
                    Begin(_width == _inUse ? Phase.Measuring : Phase.Settling);
                    break;
            }
        }
        Widen();
    }

    /// <summary>Tells that a server refused a connection, while it served others.</summary>
    public void Refused()
    {
        lock (_lock)
        {
            _width = _widthBefore = Math.Max(1, Math.Min(_width, _inUse) / 2);
            Pause(FirstPause);
        }
    }

    /// <summary>Gives further connections to those files that have the fewest.</summary>
    public void Widen()
    {
        while (Volatile.Read(ref _waiting) == 0)
        {
            FileTransfer? poorest = null;
            lock (_lock)
            {
                if (_inUse >= _width)
                    return;
                foreach (var file in _files)
                {
                    if (file.MayWiden && (poorest is null || file.Workers < poorest.Workers))
                        poorest = file;
                }
                if (poorest is null || !_free.Wait(0))
                    return;
                _inUse++;
            }
            if (!poorest.TryWiden())
            {
                lock (_lock)
                    _inUse--;
                _free.Release();
                return;
            }
        }
    }

    public void Dispose() => _free.Dispose();

    private void Judge(double rate)
    {
        if (_width == _widthBefore)
        {
            // Each file has one connection, whatever the width.
            _width = _widthBefore = Math.Max(_width, _inUse);
            // At rest: another try if this width is in use, larger ones are allowed, and the last try is long enough ago.
            if (_inUse < _width || _width == Most || (_pausedAt != 0 && _clock.GetElapsedTime(_pausedAt) < _pause))
                return;
            _rateBefore = rate;
            _width = Math.Min(Most, _width * 2);
        }
        else if (_inUse <= _widthBefore)
        {
            _width = _widthBefore; // No file could use more: nothing was tried.
        }
        else if (rate > _rateBefore * WorthwhileGain)
        {
            (_rateBefore, _widthBefore, _pause) = (rate, _width, TimeSpan.Zero);
            _width = Math.Min(Most, _width * 2);
        }
        else
        {
            _width = _widthBefore;
            Pause(_pause == TimeSpan.Zero ? FirstPause : _pause * 2);
        }
    }

    private void Pause(TimeSpan pause)
    {
        _pausedAt = _clock.GetTimestamp();
        _pause = pause < LongestPause ? pause : LongestPause;
    }

    private void Begin(Phase phase)
    {
        Interlocked.Exchange(ref _bytes, 0);
        (_since, _phase) = (_clock.GetTimestamp(), phase);
    }

    private static TimeSpan Shortest(Phase phase) => phase switch
    {
        Phase.Beginning => TimeSpan.Zero,
        Phase.Looking => Look,
        _ => ShortInterval,
    };
}
