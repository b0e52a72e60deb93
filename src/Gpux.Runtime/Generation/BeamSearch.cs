using Gpux.Runtime.Generation.Processors;
using Gpux.Runtime.Generation.Sampling;

namespace Gpux.Runtime.Generation;

/// <summary>Beam search and beam sampling: follows the best continuations of each prompt side by side.</summary>
/// <remarks>Source: transformers 5.23, GenerationMixin._beam_search. Scores are summed and compared in float32 as there, so that
/// <see cref="Barred"/> swallows the score it is added to.</remarks>
internal sealed class BeamSearch
{
    /// <summary>Added to the score of what must not be taken.</summary>
    private const float Barred = -1e9f;

    private readonly GenerationRun _run;
    private readonly int _beams;
    private readonly PromptBeams[] _prompts;
    private readonly RandomStream[] _random;
    private readonly TokenRows _ids;
    private readonly int[] _parents;
    private readonly int[] _next;
    private readonly int[] _drawn;
    private readonly float[] _compared;
    private readonly ulong[] _keys;
    private int[] _continued = [];

    public BeamSearch(GenerationRun run)
    {
        _run = run;
        _beams = run.Config.NumBeams;
        // So many that, with every end among them, each beam still has a way to go on.
        var candidates = (long)Math.Max(2, 1 + run.Config.EosTokenId.Count) * _beams;
        if (candidates > (long)_beams * run.VocabularySize)
            throw new InvalidGenerationConfigException("The settings",
                $"{_beams} beams with {run.Config.EosTokenId.Count} ends are too many for a vocabulary of {run.VocabularySize} tokens");
        _drawn = new int[candidates];
        _compared = new float[_beams + candidates];
        _keys = new ulong[candidates];
        _prompts = new PromptBeams[run.Prompt.Rows];
        for (var i = 0; i < _prompts.Length; i++)
            _prompts[i] = new PromptBeams(_beams, _drawn.Length);
        _random = run.RandomStreams(_prompts.Length);
        _parents = new int[run.Rows];
        _next = new int[run.Rows];
        _ids = run.PromptRows();
    }

    private int NewTokens => _ids.Length - _run.Prompt.Length;

    public GenerationResult Run(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var logits = _run.Feed.ReadPrompt();
        while (Advance(logits))
        {
            cancellationToken.ThrowIfCancellationRequested();
            _run.Feed.Reorder(_parents);
            logits = _run.Feed.Read(_next);
        }
        return Result();
    }

    /// <summary>Chooses every beam's next token.</summary>
    /// <returns>Whether something better can still be found.</returns>
    private bool Advance(Span<float> logits)
    {
        Score(logits);
        _run.Stopping.BeginStep();
        var allEnd = true;
        for (var i = 0; i < _prompts.Length; i++)
        {
            var size = _beams * _run.VocabularySize;
            FindCandidates(i, logits.Slice(i * size, size));
            allEnd &= Array.TrueForAll(_prompts[i].Candidates, candidate => candidate.End is not null);
            KeepOpen(i);
            KeepEnded(i);
        }
        _ids.Continue(_parents, _next);

        var canImprove = false;
        var allAreClosed = true;
        foreach (var prompt in _prompts)
        {
            prompt.CanImprove &= CanImprove(prompt);
            canImprove |= prompt.CanImprove;
            allAreClosed &= IsClosed(prompt);
        }
        return canImprove && !allAreClosed && !allEnd;
    }

    /// <summary>Turns logits into the scores of each beam with each token after it.</summary>
    private void Score(Span<float> logits)
    {
        for (var row = 0; row < _run.Rows; row++)
        {
            var scores = logits.Slice(row * _run.VocabularySize, _run.VocabularySize);
            Rows.LogSoftmax(scores);
            _run.Pipeline.Process(row, _ids[row], scores);
            Rows.Add(scores, _prompts[row / _beams].Scores[row % _beams]);
        }
    }

    private void FindCandidates(int promptIndex, ReadOnlySpan<float> scores)
    {
        if (float.IsNaN(Rows.Max(scores)))
            throw new InvalidLogitsException("a score is NaN");
        var prompt = _prompts[promptIndex];
        if (_run.Config.DoSample)
            TokenChoice.DrawDifferent(scores, _drawn, ref _random[promptIndex]);
        else
            Greatest(scores, _drawn);
        for (var i = 0; i < _drawn.Length; i++)
        {
            var (beam, token) = Math.DivRem(_drawn[i], _run.VocabularySize);
            var parent = promptIndex * _beams + beam;
            prompt.Candidates[i] = new Candidate(scores[_drawn[i]], parent, token, _run.Stopping.Check(Continued(parent, token)));
        }
    }

    /// <summary>The best candidates that do not end become the beams.</summary>
    private void KeepOpen(int promptIndex)
    {
        var prompt = _prompts[promptIndex];
        var scores = _compared.AsSpan(0, prompt.Candidates.Length);
        for (var i = 0; i < scores.Length; i++)
            scores[i] = prompt.Candidates[i].Score + (prompt.Candidates[i].End is null ? 0 : Barred);
        var best = _drawn.AsSpan(0, _beams);
        Greatest(scores, best);
        for (var i = 0; i < _beams; i++)
        {
            prompt.Scores[i] = scores[best[i]];
            _parents[promptIndex * _beams + i] = prompt.Candidates[best[i]].Parent;
            _next[promptIndex * _beams + i] = prompt.Candidates[best[i]].Token;
        }
    }

    /// <summary>Sequences that end now take their places among those that ended before.</summary>
    private void KeepEnded(int promptIndex)
    {
        var prompt = _prompts[promptIndex];
        var scores = _compared.AsSpan();
        for (var i = 0; i < _beams; i++)
            scores[i] = prompt.Ended[i].Score;
        var divisor = (float)Math.Pow(NewTokens + 1, _run.Config.LengthPenalty);
        var isClosed = IsClosed(prompt);
        for (var i = 0; i < prompt.Candidates.Length; i++)
        {
            ref var score = ref scores[_beams + i];
            score = prompt.Candidates[i].Score / divisor;
            if (isClosed)
                score += Barred;
            if (!prompt.CanImprove)
                score += Barred;
            if (!JustEnds(prompt, i))
                score += Barred;
        }
        var best = _drawn.AsSpan(0, _beams);
        Greatest(scores, best);
        for (var i = 0; i < _beams; i++)
            prompt.NextEnded[i] = best[i] < _beams ? prompt.Ended[best[i]] : Hypothesis(prompt, best[i] - _beams, scores[best[i]]);
        (prompt.Ended, prompt.NextEnded) = (prompt.NextEnded, prompt.Ended);
    }

    private Ended Hypothesis(PromptBeams prompt, int candidate, float score) => JustEnds(prompt, candidate)
        ? new Ended(score, [.. _ids[prompt.Candidates[candidate].Parent][_run.Prompt.Length..], prompt.Candidates[candidate].Token],
            prompt.Candidates[candidate].End)
        : new Ended(score, [], null);

    // An end that is not among the best candidates is too unlikely to count.
    private bool JustEnds(PromptBeams prompt, int candidate) => candidate < _beams && prompt.Candidates[candidate].End is not null;

    private bool IsClosed(PromptBeams prompt) =>
        _run.Config.EarlyStopping == EarlyStopping.True && Array.TrueForAll(prompt.Ended, ended => ended.Reason is not null);

    private bool CanImprove(PromptBeams prompt)
    {
        // A positive penalty favours long sequences, so the greatest length is the best that a beam can reach.
        var length = _run.Config is { EarlyStopping: EarlyStopping.Never, LengthPenalty: > 0 }
            ? _run.Limits.MaxLength - _run.Prompt.Length : NewTokens;
        var best = prompt.Scores[0] / (float)Math.Pow(length, _run.Config.LengthPenalty);
        var worst = float.PositiveInfinity;
        foreach (var ended in prompt.Ended)
            worst = Math.Min(worst, ended.Score);
        foreach (var ended in prompt.Ended)
        {
            if (best > (ended.Reason is null ? Barred : worst))
                return true;
        }
        return false;
    }

    private GenerationResult Result()
    {
        var config = _run.Config;
        var sequences = new List<GeneratedSequence>();
        var length = 0;
        for (var i = 0; i < _prompts.Length; i++)
        {
            foreach (var ended in _prompts[i].Ended.AsSpan(0, config.NumReturnSequences))
            {
                sequences.Add(new GeneratedSequence(i, ended.Tokens, ended.Reason ?? StopReason.Length, ended.Score));
                length = Math.Max(length, ended.Tokens.Length);
            }
        }
        length += _run.Prompt.Length;
        var padded = new int[sequences.Count * length];
        // The reference takes pad 0 for no pad here.
        padded.AsSpan().Fill((config.PadTokenId is 0 && config.EosTokenId is [var end, ..] ? end : _run.PadTokenId) ?? 0);
        for (var row = 0; row < sequences.Count; row++)
        {
            _run.Prompt[sequences[row].PromptRow].CopyTo(padded.AsSpan(row * length));
            sequences[row].Tokens.CopyTo(padded, row * length + _run.Prompt.Length);
        }
        return new GenerationResult(sequences, new TokenBatch(sequences.Count, length, padded));
    }

    /// <summary>The places of the greatest scores, in descending order.</summary>
    private void Greatest(ReadOnlySpan<float> scores, Span<int> places)
    {
        var keys = _keys.AsSpan(0, places.Length);
        Selection.Greatest(scores, keys);
        keys.Sort();
        for (var i = 0; i < places.Length; i++)
            places[i] = Selection.RankedIndex(keys[^(i + 1)]);
    }

    private ReadOnlySpan<int> Continued(int parent, int token)
    {
        var ids = _ids[parent];
        if (_continued.Length <= ids.Length)
            _continued = new int[2 * ids.Length + 1];
        ids.CopyTo(_continued);
        _continued[ids.Length] = token;
        return _continued.AsSpan(0, ids.Length + 1);
    }

    /// <summary>A beam with one token more.</summary>
    /// <param name="Parent">The beam's row.</param>
    /// <param name="End">Why it ends with that token; null if it goes on.</param>
    private readonly record struct Candidate(float Score, int Parent, int Token, StopReason? End);

    /// <summary>A sequence that has ended, its score divided by its length; without a reason, the place for one.</summary>
    private readonly record struct Ended(float Score, int[] Tokens, StopReason? Reason);

    /// <summary>What is followed and was found for one prompt.</summary>
    private sealed class PromptBeams
    {
        public PromptBeams(int beams, int candidates)
        {
            Scores = new float[beams];
            // All beams begin alike: the first alone may go on, or they would stay so.
            Scores.AsSpan(1).Fill(Barred);
            Candidates = new Candidate[candidates];
            Ended = new Ended[beams];
            Ended.AsSpan().Fill(new Ended(Barred, [], null));
            NextEnded = new Ended[beams];
        }

        /// <summary>Of each beam, the sum of its log-probabilities; the best first.</summary>
        public float[] Scores { get; }
        public Candidate[] Candidates { get; }

        /// <summary>The best first.</summary>
        public Ended[] Ended { get; set; }
        public Ended[] NextEnded { get; set; }

        /// <summary>Whether an open beam may still score above what has ended.</summary>
        public bool CanImprove { get; set; } = true;
    }
}
