using System.Collections;

namespace Gpux.Runtime.Generation;

/// <summary>The new tokens of one row, each as soon as it is chosen; the one that ends the row is the last.</summary>
public sealed class TokenStream : IEnumerable<int>
{
    private readonly IDecoder _decoder;
    private readonly GenerationConfig _config;
    private readonly GenerationOptions _options;
    private readonly TokenBatch _prompt;
    private readonly CancellationToken _cancellationToken;

    internal TokenStream(
        IDecoder decoder, GenerationConfig config, GenerationOptions options, TokenBatch prompt, CancellationToken cancellationToken)
    {
        _decoder = decoder;
        _config = config;
        _options = options;
        _prompt = prompt;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Why the row ended; null before it has.</summary>
    public StopReason? StopReason { get; private set; }

    /// <summary>Generates anew each time.</summary>
    public IEnumerator<int> GetEnumerator()
    {
        StopReason = null;
        using var run = new GenerationRun(_decoder, _config, _options, _prompt);
        if (run.Rows > 1)
            throw new InvalidGenerationConfigException("The settings",
                $"'num_beams' is {_config.NumBeams} and 'num_return_sequences' {_config.NumReturnSequences}, where a stream needs 1 of each");
        var loop = new SamplingLoop(run);
        while (!loop.IsFinished)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            var token = loop.Step()[0];
            StopReason = loop.StopReasonOf(0);
            yield return token;
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
