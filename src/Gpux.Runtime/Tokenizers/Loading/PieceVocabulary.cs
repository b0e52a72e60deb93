using Gpux.Runtime.Tokenizers.Models;

namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>Tokens with scores, in the order of their ids.</summary>
internal sealed class PieceVocabulary(int expected)
{
    private double[] _scores = new double[Math.Max(16, expected)];
    private int _count;

    public Vocabulary Vocabulary { get; } = new(expected);

    public ReadOnlySpan<double> Scores => _scores.AsSpan(0, _count);

    public void Add(ReadOnlySpan<byte> token, double score)
    {
        if (_count == _scores.Length)
            Array.Resize(ref _scores, _count * 2);
        _scores[_count] = score;
        Vocabulary.Add(token, _count++);
    }

    public void Add(string token, double score = 0) => Add(System.Text.Encoding.UTF8.GetBytes(token), score);
}
