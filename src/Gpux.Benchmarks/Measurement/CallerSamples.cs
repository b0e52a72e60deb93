namespace Gpux.Benchmarks.Measurement;

/// <summary>What one caller saw, in the order in which it ended, in memory that is taken beforehand.</summary>
/// <remarks>When it is full, every second sample is dropped, and of the following ones every second is kept, and so on: what is left is
/// still evenly spread over the measurement.</remarks>
/// <param name="objectives">That good requests keep; null for none.</param>
internal sealed class CallerSamples(int capacity, bool hasTokens, GoodputObjectives? objectives)
{
    // Pages that are never written take no memory.
    private readonly Sample[] _samples = GC.AllocateUninitializedArray<Sample>(capacity);
    private readonly TokenTimes[] _tokens = hasTokens ? GC.AllocateUninitializedArray<TokenTimes>(capacity) : [];
    private readonly RequestTally _tally = new(objectives);
    private (Sample Sample, TokenTimes Tokens)? _last;
    private int _kept;
    private long _seen;

    /// <summary>Of how many samples one is kept; a power of two.</summary>
    public int Stride { get; private set; } = 1;

    public ReadOnlySpan<Sample> Samples => _samples.AsSpan(0, _kept);

    /// <summary>For each of <see cref="Samples"/>, where tokens are generated; empty otherwise.</summary>
    public ReadOnlySpan<TokenTimes> Tokens => hasTokens ? _tokens.AsSpan(0, _kept) : [];

    public void Add(long end, long latency, in TokenTimes tokens)
    {
        CountLast();
        _last = (new Sample(end, latency), tokens);
        if (_seen++ % Stride != 0)
            return;
        if (_kept == _samples.Length)
        {
            Thin();
            if ((_seen - 1) % Stride != 0)
                return;
        }
        _samples[_kept] = new Sample(end, latency);
        if (hasTokens)
            _tokens[_kept] = tokens;
        _kept++;
    }

    /// <summary>Of all samples, kept or not, that ended by then. Nothing may be added any more.</summary>
    /// <param name="end">All but the last one ended by then: only that may still have been under way.</param>
    public RequestTally TallyUntil(long end)
    {
        if (_last?.Sample.End <= end)
            CountLast();
        _last = null;
        return _tally;
    }

    private void CountLast()
    {
        if (_last is var (sample, tokens))
            _tally.Add(sample.Latency, hasTokens ? tokens : null);
    }

    private void Thin()
    {
        for (var i = 0; i < _kept; i += 2)
        {
            _samples[i / 2] = _samples[i];
            if (hasTokens)
                _tokens[i / 2] = _tokens[i];
        }
        _kept = (_kept + 1) / 2;
        Stride *= 2;
    }
}

/// <param name="End">A timestamp, in nanoseconds.</param>
/// <param name="Latency">Nanoseconds.</param>
internal readonly record struct Sample(long End, long Latency);

/// <summary>Times of a generated text, in nanoseconds.</summary>
/// <param name="First">From the moment that the request was due until its first token.</param>
/// <param name="Each">Between tokens after it; null if there was only one.</param>
internal readonly record struct TokenTimes(long First, long? Each);
