using System.Buffers;
using System.Runtime.ExceptionServices;
using Gpux.Registries.Http;

namespace Gpux.Registries.Download;

/// <summary>Brings the bytes of one file: by one request, or by several at once that each bring a part.</summary>
/// <remarks>One worker begins. When its reply has come, the size and what tells this version from others are known, and
/// <see cref="Connections"/> may add workers. Each takes a segment, asks for it, writes what comes, and takes the next.</remarks>
internal sealed class FileTransfer : IAsyncDisposable
{
    private const int BufferBytes = 256 << 10;

    // Below this, connections take longer to come about than one takes to bring the file.
    private const long SmallestSpreadBytes = 16 << 20;

    // A request that brought this much was no failure: a long download may be interrupted more often than a short one.
    private const long ProgressBytes = 1 << 20;

    // So much is sent to the disk at once while more is coming: as much as the smallest request brings.
    private const int BytesPerFlush = 4 << 20;

    // Smaller files are hashed when they are here.
    private const long SmallestFollowedBytes = 1 << 20;

    // A connection on which next to nothing comes is as good as broken, even though it is never silent for long.
    private const long LeastBytesPerSecond = 1000;
    private static readonly TimeSpan CrawlWindow = TimeSpan.FromSeconds(60);

    private readonly DownloadTask _task;
    private readonly RegistryEnvironment _environment;
    private readonly Connections _connections;
    private readonly RateLimit? _limit;
    private readonly Retry _retry;
    private readonly PartialFile _partial;
    private readonly CancellationTokenSource _stop;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();

    private Segments _segments;
    private PrefixHash? _hash;
    private ExceptionDispatchInfo? _failure;
    private long? _size;
    private Digest? _expected;
    private string? _tag;
    private bool _hasReply;
    private bool _ignoresRanges;
    private bool _isWaiting;
    private int _failures;
    private int _restarts;
    private int _workers = 1;
    private double _bytesPerSecond;

    public FileTransfer(
        DownloadTask task, string path, RegistryEnvironment environment, Connections connections, RateLimit? limit, Retry retry,
        CancellationToken cancellationToken)
    {
        (_task, _environment, _connections, _limit, _retry) = (task, environment, connections, limit, retry);
        (_size, _expected) = (task.File.SizeBytes, task.File.Digest);
        _partial = PartialFile.Open(path, _size, _expected, task.Target.Folder);
        _tag = _partial.EntityTag;
        _segments = new Segments(_size, _partial.Kept, environment.Clock);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>How many requests bring it.</summary>
    public int Workers => Volatile.Read(ref _workers);

    /// <summary>Whether one more request would help.</summary>
    public bool MayWiden
    {
        get
        {
            lock (_lock)
                return CanWiden();
        }
    }

    /// <summary>Adds a worker, with a connection that it has already.</summary>
    /// <returns>False if it has no use for one.</returns>
    public bool TryWiden()
    {
        try
        {
            lock (_lock)
            {
                if (!CanWiden())
                    return false;
                if (!_partial.IsSpread)
                    _partial.SpreadOut(_size!.Value, Validator!, _task.File.Digest is not null, _segments.PrefixBytes); // CanWiden sees to both
                _workers++;
            }
        }
        catch (GpuxException exception)
        {
            Fail(exception);
            return false;
        }
        _ = Task.Run(WorkAsync, CancellationToken.None);
        return true;
    }

    /// <summary>Brings what is missing.</summary>
    /// <exception cref="DownloadInterruptedException">It broke off too often; what came is kept.</exception>
    /// <exception cref="ContentMismatchException">The reply is of another size than published.</exception>
    public async Task<TransferredFile> RunAsync(CancellationToken cancellationToken)
    {
        // A process that died just before the end, or an empty file: nothing is missing.
        if (_expected is null || !_segments.IsComplete)
        {
            // Before the request, which might time out while gigabytes are read back.
            StartHash();
            await _connections.EnterAsync(this, cancellationToken);
            await WorkAsync();
            await _ended.Task;
            // The caller's cancelling comes before what it made the workers end with.
            cancellationToken.ThrowIfCancellationRequested();
            _failure?.Throw();
        }
        _size = PrefixBytes(); // The hasher may be asking too.
        StartHash(atEnd: true);
        return new TransferredFile(_size.Value, _expected, _hash is null ? [] : await _hash.FinishAsync(cancellationToken));
    }

    /// <summary>Gives the file its bytes for good.</summary>
    public void Complete() => _partial.Complete();

    public async ValueTask DisposeAsync()
    {
        if (_hash is not null)
            await _hash.DisposeAsync();
        _partial.Dispose();
        _stop.Dispose();
    }

    // What tells this version of the file from others, beyond the end of this process.
    private string? Validator => _task.File.Digest?.ToString() ?? _tag;

    // Whether requests are for parts, so that others may follow.
    private bool AsksForParts => _connections.Most > 1 && !_ignoresRanges && _size >= SmallestSpreadBytes
        && (!_hasReply || PartialFile.MaySpread(Validator));

    private bool CanWiden() => _hasReply && !_isWaiting && _workers > 0 && _failure is null && !_stop.IsCancellationRequested
        && AsksForParts && _segments.CanTake(_workers + 1, _bytesPerSecond);

    private async Task WorkAsync()
    {
        try
        {
            while (Next() is { } segment && await BringAsync(segment))
            {
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
            Quit();
        }
    }

    /// <summary>Takes the next segment; null if this worker has quit.</summary>
    private Segment? Next()
    {
        lock (_lock)
        {
            // The last worker stays to the end; others go where there are more than wanted.
            if (_failure is null && !_stop.IsCancellationRequested
                && (_workers == 1 || (_connections.MayGoOn && !_ignoresRanges))
                && (_segments.Take(_workers, _bytesPerSecond, whole: !AsksForParts)
                    ?? (_expected is null && !_hasReply ? _segments.TakeEnd() : null)) is { } segment)
                return segment;
            _workers--;
        }
        Gone();
        return null;
    }

    /// <summary>Brings a segment, or a part of it.</summary>
    /// <returns>Whether this worker goes on; else it has quit.</returns>
    private async Task<bool> BringAsync(Segment segment)
    {
        // Not disposed, because whoever takes over may cancel it at any time; it lasts as long as what it is linked to.
        var request = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        FileRange range;
        lock (_lock)
        {
            segment.Request = request;
            // What no other request may join is asked for without naming its end.
            long? length = AsksForParts || _workers > 1 || segment.End < (_size ?? long.MaxValue) ? segment.End - segment.Position : null;
            range = new FileRange(segment.Position, length, _tag);
        }
        var isStarting = true;
        _connections.Starting();
        try
        {
            await using var content = await _task.Registry.OpenAsync(_task.Manifest, _task.File, range, request.Token);
            if (await AcceptAsync(content, segment, range) is not { } accepted)
                return true;
            (segment, var isWhole) = accepted;
            _connections.Widen();
            await CopyAsync(content, segment, isWhole, Started, request.Token);
            return true;
        }
        catch (OperationCanceledException) when (request.IsCancellationRequested && !_stop.IsCancellationRequested)
        {
            return true; // Another worker took over all that was lacking.
        }
        catch (Exception exception) when (Retry.Interruption(exception, _task.File.Path, _stop.Token) is { } interruption)
        {
            Started();
            Leave(segment);
            return await GoesOnAsync(interruption, segment.Position - segment.From >= ProgressBytes);
        }
        finally
        {
            Started();
            Leave(segment);
        }

        void Started()
        {
            if (isStarting)
                _connections.Started();
            isStarting = false;
        }
    }

    /// <summary>Looks whether a reply fits what is there, and starts again where it does not.</summary>
    /// <returns>The segment that it brings, and whether it does so up to the end of the file; null if it is of no use.</returns>
    private async Task<(Segment Segment, bool IsWhole)?> AcceptAsync(FileContent content, Segment segment, FileRange asked)
    {
        var (path, registry) = (_task.File.Path, _task.Manifest.Model.Registry);
        if (WebPage.IsInsteadOf(path, content.MediaType))
            throw new UnexpectedReplyException(registry, $"The address of {path}", "it sends a web page instead of the file.");
        var isWhole = asked.Length is null;
        bool startsAgain;
        lock (_lock)
        {
            // Bytes under another tag are of another version, unless a digest tells in the end.
            var isOther = _task.File.Digest is null && asked.Offset > 0 && content.EntityTag != _tag;
            var ignoresRange = asked.Length is not null && !content.IsPart && content.Offset == 0;
            startsAgain = isOther || content.Offset != asked.Offset || (ignoresRange && asked.Offset == 0 && _workers == 1);
            if (asked.Offset == 0 && content.Offset > 0)
                throw new UnexpectedReplyException(registry, $"The address of {path}", "it sends the middle of the file when asked for its start.");
            // Whoever knows no ranges, or has another version each time, is asked for the whole.
            _ignoresRanges |= ignoresRange || startsAgain;
            if (startsAgain && _workers > 1)
            {
                // The last worker asks for the whole, or finds the new version.
                return isOther ? throw new TransferInterruptedException(new RegistryUnreachableException(
                    registry, $"{path} changed while it was downloaded.")) : null;
            }
            if (startsAgain)
                _hasReply = false; // No other worker may join meanwhile.
        }
        if (startsAgain)
        {
            await StartAgainAsync();
            if (content.Offset != 0)
                return null; // Later bytes of another version.
            lock (_lock)
                (segment, isWhole) = (_segments.Take(1, 0, whole: true) ?? _segments.TakeEnd(), true);
        }
        lock (_lock)
        {
            _size ??= content.TotalBytes;
            if (content.TotalBytes is { } total && total != _size)
                throw Mismatch(total);
            if (_size is { } size)
                _segments.SetSize(size);
            _expected ??= content.Digest;
            if (content.EntityTag is { } tag && tag != _tag)
            {
                _tag = tag;
                if (_task.File.Digest is null && !_partial.IsSpread)
                    _partial.NoteTag(tag);
            }
            _hasReply = true;
            StartHash();
            _task.OnBytes(_segments.DoneBytes);
        }
        return (segment, isWhole);
    }

    private async Task CopyAsync(FileContent content, Segment segment, bool isWhole, Action started, CancellationToken cancellationToken)
    {
        var clock = _environment.Clock;
        using var silence = new SilenceTimer(content.SilenceLimit ?? _environment.SilenceLimit, clock, cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(_limit?.MostBytesAtOnce ?? BufferBytes);
        var unflushed = 0;
        try
        {
            var (windowBytes, windowTime) = (0L, TimeSpan.Zero);
            while (true)
            {
                long room, position;
                lock (_lock)
                    (room, position) = (segment.End - segment.Position, segment.Position);
                if (room <= 0 && !isWhole)
                    return;
                // One byte more than there should be shows a body that does not end.
                var most = (int)Math.Min(_limit?.MostBytesAtOnce ?? BufferBytes, isWhole && room < BufferBytes ? room + 1 : room);
                var asked = clock.GetTimestamp();
                var read = await content.Stream.ReadAsync(buffer.AsMemory(0, Math.Max(1, most)), silence.Restarted());
                if (read == 0)
                    break;
                started();
                if (position + read > _size)
                    throw Mismatch(position + read);
                _partial.Write(buffer.AsSpan(0, read), position);
                lock (_lock)
                {
                    _segments.Advance(segment, read);
                    Note(segment, isLast: false);
                    _task.OnBytes(_segments.DoneBytes);
                }
                _hash?.Grew();
                _connections.Came(read);
                unflushed += read;
                if (unflushed >= BytesPerFlush)
                {
                    _partial.BeginFlush(position + read - unflushed, unflushed);
                    unflushed = 0;
                }
                windowBytes += read;
                windowTime += clock.GetElapsedTime(asked);
                if (windowTime >= CrawlWindow)
                {
                    if (windowBytes < LeastBytesPerSecond * windowTime.TotalSeconds)
                        throw Interrupted($"it sent only {windowBytes:N0} bytes in {windowTime.TotalSeconds:0} s.");
                    (windowBytes, windowTime) = (0, TimeSpan.Zero);
                }
                if (_limit is not null)
                    await _limit.PayAsync(read, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            _partial.BeginFlush(segment.Position - unflushed, unflushed);
        }
        lock (_lock)
        {
            if (_size is null)
                _segments.SetSize((_size = segment.Position).Value);
            else if (segment.Position < segment.End)
                throw Interrupted($"it ended after {segment.Position:N0} of {_size:N0} bytes.");
        }
    }

    /// <summary>After a failure: at once if it brought much, else after a wait, if no other worker does what is left.</summary>
    /// <returns>Whether this worker goes on; else it has quit.</returns>
    private async Task<bool> GoesOnAsync(TransferInterruptedException interruption, bool hasProgress)
    {
        long kept;
        bool waits;
        lock (_lock)
        {
            kept = _segments.DoneBytes;
            if (hasProgress)
                _failures = 0;
            if (hasProgress && interruption.RetryAfter is null && Validator is not null)
                return true;
            waits = _isWaiting = _workers == 1;
            if (!waits)
                _workers--;
        }
        if (!waits)
        {
            _connections.Refused();
            Gone();
            return false;
        }
        // Where nothing answers at all, patience is for those who have had something from there.
        var limit = interruption.IsUnreachable && !_hasReply ? Retry.UnreachableLimit : Retry.Limit;
        if (_failures >= limit && interruption.IfItLasts is RegistryUnreachableException reason)
            throw new DownloadInterruptedException(_task.Manifest.Model, _task.File.Path, kept, _size, reason);
        if (_failures >= limit)
            throw interruption.IfItLasts;
        await _retry.WaitAsync(_failures++, interruption, _task.OnWait, _stop.Token);
        // Without either, nothing would tell what came from another version's bytes.
        if (_expected is null && _tag is null)
            await StartAgainAsync();
        lock (_lock)
            _isWaiting = false;
        return true;
    }

    private async Task StartAgainAsync()
    {
        // Progress that is thrown away each time is none.
        if (++_restarts > Retry.Limit)
            throw new UnexpectedReplyException(_task.Manifest.Model.Registry, $"The address of {_task.File.Path}", "it cannot be gone on from, and breaks off each time.");
        if (_hash is not null)
            await _hash.DisposeAsync();
        lock (_lock)
        {
            (_hash, _size, _expected, _tag, _hasReply) = (null, _task.File.SizeBytes, _task.File.Digest, null, false);
            _partial.Restart();
            _segments = new Segments(_size, [], _environment.Clock);
        }
    }

    private void Leave(Segment segment)
    {
        lock (_lock)
        {
            if (!segment.IsTaken)
                return;
            if (segment.Position - segment.From >= ProgressBytes)
                _bytesPerSecond = _segments.RateOf(segment);
            (segment.IsTaken, segment.Request) = (false, null);
            Note(segment, isLast: true);
        }
    }

    private void Note(Segment segment, bool isLast)
    {
        if (!_partial.IsSpread || segment.Position == segment.Start)
            return;
        if (segment.Slot < 0)
            segment.Slot = _partial.AddSlot();
        _partial.Note(segment.Slot, new Extent(segment.Start, segment.Position), isLast);
    }

    private void StartHash(bool atEnd = false)
    {
        // Git's digest begins with the size.
        if (_hash is not null || (!atEnd && (!(_size >= SmallestFollowedBytes) || (_task.File.Digest is null && !_hasReply))))
            return;
        var algorithms = new List<DigestAlgorithm>(2);
        if (_expected is { } expected)
            algorithms.Add(expected.Algorithm);
        if (_task.Target.NeedsSha256 && !algorithms.Contains(DigestAlgorithm.Sha256))
            algorithms.Add(DigestAlgorithm.Sha256);
        if (algorithms.Count > 0)
            _hash = new PrefixHash(algorithms, _partial, _size!.Value, PrefixBytes); // Both conditions see to it
    }

    private long PrefixBytes()
    {
        lock (_lock)
            return _segments.PrefixBytes;
    }

    private void Fail(Exception exception)
    {
        lock (_lock)
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        _stop.Cancel();
    }

    private void Quit()
    {
        lock (_lock)
            _workers--;
        Gone();
    }

    private void Gone()
    {
        var isLast = Workers == 0;
        _connections.Leave(this, isLast);
        if (isLast)
            _ended.TrySetResult();
    }

    private ContentMismatchException Mismatch(long actual) =>
        new(_task.Manifest.Model, _task.File.Path, $"{_size:N0} bytes long", $"{actual:N0} bytes or more");

    private TransferInterruptedException Interrupted(string reason) => new(new RegistryUnreachableException(_task.File.Path, reason));
}

/// <summary>A file whose bytes are all here.</summary>
/// <param name="Expected">What it must hash to; null where nobody says.</param>
/// <param name="Digests">What it hashes to.</param>
internal sealed record TransferredFile(long SizeBytes, Digest? Expected, IReadOnlyList<Digest> Digests);
