namespace Gpux.Runtime.Generation.Stopping;

/// <summary>When rows end.</summary>
/// <remarks>Source: transformers 5.23, GenerationMixin._get_stopping_criteria. The time counts from here.</remarks>
internal sealed class StoppingRules
{
    private readonly int[] _ends;
    private readonly int _maxLength;
    private readonly TimeSpan? _maxTime;
    private readonly TimeProvider _clock;
    private readonly long _start;
    private readonly StopStrings? _strings;
    private readonly StopPredicate? _predicate;
    private bool _isLate;

    public StoppingRules(GenerationConfig config, GenerationOptions options, int maxLength)
    {
        _ends = [.. config.EosTokenId];
        _maxLength = maxLength;
        _maxTime = config.MaxTime;
        _clock = options.Clock;
        _start = _clock.GetTimestamp();
        _predicate = options.StopWhen;
        if (config.StopStrings.Count > 0)
            _strings = new StopStrings(config.StopStrings, options.Decode
                ?? throw new ArgumentException("Settings with stop_strings need GenerationOptions.Decode.", nameof(options)));
    }

    /// <summary>Reads the clock: all rows of a step stop by the same time.</summary>
    public void BeginStep() => _isLate = _maxTime is { } limit && _clock.GetElapsedTime(_start) > limit;

    /// <summary>Why a row ends with its last token; null if it goes on.</summary>
    public StopReason? Check(ReadOnlySpan<int> ids)
    {
        if (_ends.AsSpan().Contains(ids[^1]))
            return StopReason.EndOfSequence;
        if (_strings is not null && _strings.EndsWithin(ids))
            return StopReason.StopString;
        if (_predicate is not null && _predicate(ids))
            return StopReason.Predicate;
        if (ids.Length >= _maxLength)
            return StopReason.Length;
        return _isLate ? StopReason.TimeLimit : null;
    }
}
