using Gpux.Runtime.Generation;
using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Texts of a fixed length, generated after a prompt of a fixed length: the likeliest token each time, and no end before.</summary>
internal sealed class GenerationRequests : IRequests, IDisposable
{
    private readonly TokenBatch _prompt;
    private readonly GenerationConfig _config;
    private readonly TimeProvider _clock;
    private readonly SessionDecoder[] _decoders;

    /// <param name="prompt">Rows of one length.</param>
    /// <param name="newTokens">At least 1.</param>
    public GenerationRequests(InferenceSession session, ModelFiles files, TokenBatch prompt, int newTokens, int concurrency, TimeProvider clock, CancellationToken cancellationToken)
    {
        (_prompt, _clock) = (prompt, clock);
        _config = GenerationConfig.Load(files) with
        {
            MinNewTokens = newTokens, MaxNewTokens = newTokens, MaxLength = null, MaxTime = null, StopStrings = [], DoSample = false, NumBeams = 1, NumReturnSequences = 1,
        };
        _decoders = new SessionDecoder[concurrency];
        for (var i = 0; i < concurrency; i++)
            _decoders[i] = new SessionDecoder(session, int.MaxValue, cancellationToken);
    }

    /// <summary>Whether a session continues texts token by token.</summary>
    public static bool Fit(InferenceSession session) => session.Inputs.Any(input => input.Name.StartsWith("past_key_values.", StringComparison.Ordinal))
        && session.Inputs.Any(input => input.Name == "input_ids") && session.Outputs.Any(output => output.Name == "logits")
        && !session.Inputs.Any(input => input.Name.StartsWith("encoder_", StringComparison.Ordinal) || input.Name.StartsWith("decoder_", StringComparison.Ordinal));

    /// <summary>Bytes of keys and values of a caller when its text is whole.</summary>
    public static long CacheBytes(InferenceSession session, int rows, int tokens)
    {
        var bytes = 0L;
        foreach (var input in session.Inputs)
        {
            if (!input.Name.StartsWith("past_key_values.", StringComparison.Ordinal) || input.Dimensions is not { } dimensions)
                continue;
            long elements = rows;
            for (var i = 1; i < dimensions.Length; i++)
                elements *= dimensions[i].Size ?? tokens;
            bytes += input.ElementType.ByteSize(elements);
        }
        return bytes;
    }

    public Answered Answer(int caller, CancellationToken cancellationToken)
    {
        var decoder = new TimedDecoder(_decoders[caller], _clock);
        var result = new TokenGenerator(decoder, _config).Generate(_prompt, cancellationToken);
        return new Answered(decoder.FirstToken ?? _clock.GetTimestamp(), result.Sequences[0].Tokens.Length);
    }

    public void Dispose()
    {
        foreach (var decoder in _decoders)
            decoder.Dispose();
    }

    /// <summary>Notes when the first token was chosen: when the second step begins.</summary>
    private sealed class TimedDecoder(IDecoder decoder, TimeProvider clock) : IDecoder
    {
        private int _steps;

        /// <summary>Null if there was but one step.</summary>
        public long? FirstToken { get; private set; }

        public int VocabularySize => decoder.VocabularySize;
        public int Capacity => decoder.Capacity;
        public int Rows => decoder.Rows;

        public Span<float> Step(scoped in DecoderInput input)
        {
            if (++_steps == 2)
                FirstToken = clock.GetTimestamp();
            return decoder.Step(input);
        }

        public void Reorder(ReadOnlySpan<int> rows) => decoder.Reorder(rows);

        public void Reset() => decoder.Reset();
    }
}
