using System.Buffers;

namespace Gpux.Runtime.Generation.Processors;

/// <summary>Memory of the size of a vocabulary that all rules of a generation share, one after another.</summary>
internal sealed class LogitsScratch(int vocabularySize) : IDisposable
{
    private int[]? _tokens;
    private float[]? _scores;
    private float[]? _probabilities;
    private ulong[]? _keys;
    private ulong[]? _marks;

    /// <summary>The tokens of a row that are not removed. Valid until the next call.</summary>
    public Candidates Candidates(ReadOnlySpan<float> scores)
    {
        _tokens ??= ArrayPool<int>.Shared.Rent(vocabularySize);
        _scores ??= ArrayPool<float>.Shared.Rent(vocabularySize);
        _probabilities ??= ArrayPool<float>.Shared.Rent(vocabularySize);
        return Processors.Candidates.Of(scores, _tokens, _scores, _probabilities);
    }

    /// <summary>Unset keys for <see cref="Selection"/>. Valid until the next call.</summary>
    public Span<ulong> Keys(int count) => (_keys ??= ArrayPool<ulong>.Shared.Rent(vocabularySize)).AsSpan(0, count);

    /// <summary>A bit for each token, all unset. Whoever sets bits unsets them.</summary>
    public Span<ulong> Marks()
    {
        var count = (vocabularySize + 63) / 64;
        if (_marks is null)
        {
            _marks = ArrayPool<ulong>.Shared.Rent(count);
            _marks.AsSpan(0, count).Clear();
        }
        return _marks.AsSpan(0, count);
    }

    public void Dispose()
    {
        Return(ref _tokens);
        Return(ref _scores);
        Return(ref _probabilities);
        Return(ref _keys);
        Return(ref _marks);
    }

    private static void Return<T>(ref T[]? array)
    {
        if (array is not null)
            ArrayPool<T>.Shared.Return(array);
        array = null;
    }
}
