using Gpux.Runtime.Generation;

namespace Gpux.Runtime.Tests.Generation;

/// <summary>A decoder whose logits are any function of all tokens of a row that are no padding. A row that is moved wrongly shows.</summary>
internal sealed class HistoryDecoder(int vocabularySize, Func<IReadOnlyList<int>, float[]> logits, int capacity = int.MaxValue) : IDecoder
{
    private List<List<int>> _rows = [];

    public int VocabularySize => vocabularySize;
    public int Capacity => capacity;
    public int Rows => _rows.Count;

    /// <summary>The mask and the positions of each step.</summary>
    public List<(long[] Mask, long[] Positions)> Inputs { get; } = [];

    /// <summary>Logits that a hash of the tokens determines: other tokens, other logits.</summary>
    public static HistoryDecoder Hashed(int vocabularySize, int seed) => new(vocabularySize, history =>
    {
        var hash = history.Aggregate((uint)seed, (sum, id) => (sum ^ (uint)id + 77) * 0x01000193);
        var random = new Random((int)hash);
        return [.. Enumerable.Range(0, vocabularySize).Select(_ => random.NextSingle() * 4)];
    });

    public Span<float> Step(scoped in DecoderInput input)
    {
        if (_rows.Count == 0)
            _rows = [.. Enumerable.Range(0, input.Rows).Select(_ => new List<int>())];
        Assert.Equal(_rows.Count, input.Rows);
        Inputs.Add((input.AttentionMask.ToArray(), input.PositionIds.ToArray()));
        var result = new List<float>();
        for (var row = 0; row < input.Rows; row++)
        {
            for (var i = 0; i < input.Length; i++)
            {
                if (input.AttentionMask[row * input.TotalLength + input.TotalLength - input.Length + i] == 1)
                    _rows[row].Add((int)input.InputIds[row * input.Length + i]);
            }
            result.AddRange(logits(_rows[row]));
        }
        return result.ToArray();
    }

    public void Reorder(ReadOnlySpan<int> rows)
    {
        var before = _rows;
        _rows = [];
        foreach (var row in rows)
            _rows.Add([.. before[row]]);
    }

    public void Reset() => _rows = [];
}
