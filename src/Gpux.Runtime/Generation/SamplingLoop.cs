using Gpux.Runtime.Generation.Sampling;

namespace Gpux.Runtime.Generation;

/// <summary>Greedy search and sampling: one token for each row, step by step.</summary>
/// <remarks>Source: transformers 5.23, GenerationMixin._sample.</remarks>
internal sealed class SamplingLoop(GenerationRun run)
{
    private readonly TokenRows _ids = run.PromptRows();
    private readonly int[] _next = new int[run.Rows];
    private readonly int[] _lengths = new int[run.Rows];
    private readonly StopReason?[] _ended = new StopReason?[run.Rows];
    private readonly RandomStream[] _random = run.RandomStreams(run.Rows);
    private int _open = run.Rows;

    public bool IsFinished => _open == 0;

    /// <summary>Why a row has ended; null if it is open.</summary>
    public StopReason? StopReasonOf(int row) => _ended[row];

    /// <summary>Chooses the next token of every open row.</summary>
    /// <returns>The tokens, valid until the next step; those of rows that ended before mean nothing.</returns>
    public ReadOnlySpan<int> Step()
    {
        var logits = _ids.Length == run.Prompt.Length ? run.Feed.ReadPrompt() : run.Feed.Read(_next);
        for (var row = 0; row < run.Rows; row++)
        {
            if (_ended[row] is not null)
            {
                _next[row] = FillerToRead;
                continue;
            }
            var scores = logits.Slice(row * run.VocabularySize, run.VocabularySize);
            run.Pipeline.Process(row, _ids[row], scores);
            _next[row] = run.Config.DoSample
                ? TokenChoice.Draw(run.Pipeline.Candidates(scores), ref _random[row]) : TokenChoice.Greatest(scores);
        }
        _ids.Append(_next);
        run.Stopping.BeginStep();
        for (var row = 0; row < run.Rows; row++)
        {
            if (_ended[row] is not null || run.Stopping.Check(_ids[row]) is not { } reason)
                continue;
            _ended[row] = reason;
            _lengths[row] = _ids.Length;
            _open--;
        }
        return _next;
    }

    /// <summary>What finished rows hold.</summary>
    public GenerationResult Result()
    {
        var sequences = new GeneratedSequence[run.Rows];
        var padded = new int[run.Rows * _ids.Length];
        padded.AsSpan().Fill(run.PadTokenId ?? 0);
        for (var row = 0; row < run.Rows; row++)
        {
            var ids = _ids[row][.._lengths[row]];
            ids.CopyTo(padded.AsSpan(row * _ids.Length));
            sequences[row] = new GeneratedSequence(row / run.Copies, ids[run.Prompt.Length..].ToArray(),
                _ended[row]!.Value, Score: null); // a finished loop has ended rows only
        }
        return new GenerationResult(sequences, new TokenBatch(run.Rows, _ids.Length, padded));
    }

    // Ended rows stay in the batch until the last ends. What they read must be a token of the model, as a pad need not be.
    private int FillerToRead => run.PadTokenId is { } pad && (uint)pad < (uint)run.VocabularySize ? pad : 0;
}
