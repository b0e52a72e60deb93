using System.Buffers;

namespace Gpux.Registries.Download;

/// <summary>Hashes a file in order while it comes in any order: follows what is there from its start without a hole, and reads it
/// back while the system still has it in memory.</summary>
internal sealed class PrefixHash : IAsyncDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly List<(DigestAlgorithm Algorithm, ContentHash Hash)> _hashes = [];
    private readonly PartialFile _file;
    private readonly Func<long> _prefix;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _more = new(0, 1);
    private readonly Task _following;
    private int _isIdle;
    private long _hashed;
    private int _isEnding;

    /// <param name="sizeBytes">Of the whole file; git's digest begins with it.</param>
    /// <param name="prefix">Gives the bytes that are there without a hole.</param>
    public PrefixHash(IEnumerable<DigestAlgorithm> algorithms, PartialFile file, long sizeBytes, Func<long> prefix)
    {
        (_file, _prefix) = (file, prefix);
        // Not on the caller's thread: there may be gigabytes to read back, and the system's library of hashes takes its time to load.
        _following = Task.Run(() => FollowAsync(algorithms, sizeBytes));
    }

    /// <summary>Tells that there may be more to hash.</summary>
    public void Grew()
    {
        if (Volatile.Read(ref _isIdle) == 1 && Interlocked.Exchange(ref _isIdle, 0) == 1)
            _more.Release();
    }

    /// <summary>Hashes what is left, and ends.</summary>
    public async Task<IReadOnlyList<Digest>> FinishAsync(CancellationToken cancellationToken)
    {
        // With a barrier: whoever has not seen this yet is seen to be idle.
        Interlocked.Exchange(ref _isEnding, 1);
        Grew();
        await _following.WaitAsync(cancellationToken);
        var digests = new List<Digest>(_hashes.Count);
        foreach (var (algorithm, hash) in _hashes)
            digests.Add(new Digest(algorithm, Convert.ToHexStringLower(hash.GetHashAndReset())));
        return digests;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _following;
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Whoever needed the digest was told by FinishAsync.
        }
        foreach (var (_, hash) in _hashes)
            hash.Dispose();
        _more.Dispose();
        _stop.Dispose();
    }

    private async Task FollowAsync(IEnumerable<DigestAlgorithm> algorithms, long sizeBytes)
    {
        foreach (var algorithm in algorithms)
            _hashes.Add((algorithm, Digest.Begin(algorithm, sizeBytes)));
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (true)
            {
                // Set before looking: what comes after the look finds it set, and wakes this up.
                Interlocked.Exchange(ref _isIdle, 1);
                var ending = Volatile.Read(ref _isEnding) == 1;
                var ready = _prefix();
                if (ready > _hashed)
                {
                    // Whoever woke this up meanwhile has raised the count, or is about to.
                    if (Interlocked.Exchange(ref _isIdle, 0) == 0)
                        await _more.WaitAsync(_stop.Token);
                    Hash(buffer, ready);
                    continue;
                }
                if (ending)
                    return;
                await _more.WaitAsync(_stop.Token);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Hash(byte[] buffer, long ready)
    {
        while (_hashed < ready)
        {
            _stop.Token.ThrowIfCancellationRequested();
            var bytes = buffer.AsSpan(0, (int)Math.Min(BufferBytes, ready - _hashed));
            _file.Read(bytes, _hashed);
            foreach (var (_, hash) in _hashes)
                hash.AppendData(bytes);
            _hashed += bytes.Length;
        }
    }
}
