namespace Gpux.Runtime.Generation.Processors;

/// <summary>Adds a bias to the last token of each sequence whose other tokens end the row (SequenceBiasLogitsProcessor; with biases
/// of -infinity NoBadWordsLogitsProcessor).</summary>
/// <remarks>As in the reference, a sequence acts once the row has as many tokens as it has itself, though one less would do.</remarks>
internal sealed class SequenceBiases : ILogitsProcessor
{
    private readonly SequenceBias[] _biases;

    /// <param name="biases">Of sequences that occur twice, the last bias counts.</param>
    public SequenceBiases(IReadOnlyList<SequenceBias> biases)
    {
        var distinct = new List<SequenceBias>(biases.Count);
        var places = new Dictionary<string, int>();
        foreach (var bias in biases)
        {
            var name = string.Join(' ', bias.Tokens);
            if (places.TryAdd(name, distinct.Count))
                distinct.Add(bias);
            else
                distinct[places[name]] = bias;
        }
        _biases = [.. distinct];
    }

    public static SequenceBiases Forbidding(IReadOnlyList<int[]> sequences) =>
        new([.. sequences.Select(tokens => new SequenceBias(tokens, float.NegativeInfinity))]);

    public void Process(in LogitsRow row)
    {
        foreach (var (tokens, bias) in _biases)
        {
            if (tokens.Length == 1 || tokens.Length <= row.Ids.Length && row.Ids.EndsWith(tokens.AsSpan()[..^1]))
                row.Scores[tokens[^1]] += bias;
        }
    }
}
