namespace Gpux.Runtime.Generation;

/// <summary>Continues prompts token by token: greedy search, sampling, beam search and beam sampling.</summary>
/// <remarks>Chooses the tokens that generate of transformers 5.23 chooses; drawn ones with the same probabilities.</remarks>
public sealed class TokenGenerator(IDecoder decoder, GenerationConfig config, GenerationOptions? options = null)
{
    private readonly GenerationOptions _options = options ?? new GenerationOptions();

    /// <summary>Generates until every row has ended.</summary>
    /// <param name="prompt">For decoder-only models padded on the left; for encoder-decoder models what the decoder begins with, see
    /// <see cref="GenerationConfig.DecoderStart"/>.</param>
    /// <exception cref="InvalidGenerationConfigException">The settings make no sense, or name tokens that the model lacks.</exception>
    /// <exception cref="UnsupportedGenerationException">The settings ask for a way of generating that is not offered.</exception>
    /// <exception cref="PromptTooLongException">The prompt fills the greatest length.</exception>
    /// <exception cref="InvalidLogitsException">The model's scores leave no token to choose.</exception>
    public GenerationResult Generate(TokenBatch prompt, CancellationToken cancellationToken)
    {
        using var run = new GenerationRun(decoder, config, _options, prompt);
        if (config.NumBeams > 1)
            return new BeamSearch(run).Run(cancellationToken);

        var loop = new SamplingLoop(run);
        while (!loop.IsFinished)
        {
            cancellationToken.ThrowIfCancellationRequested();
            loop.Step();
        }
        return loop.Result();
    }

    /// <summary>Generates one row without beams, and hands out each token as soon as it is chosen.</summary>
    /// <remarks>Nothing happens before the tokens are enumerated; the exceptions of <see cref="Generate"/> come then.</remarks>
    public TokenStream Stream(TokenBatch prompt, CancellationToken cancellationToken)
    {
        if (prompt.Rows != 1)
            throw new ArgumentException($"A stream has one row, the prompt has {prompt.Rows}.", nameof(prompt));
        return new TokenStream(decoder, config, _options, prompt, cancellationToken);
    }
}
