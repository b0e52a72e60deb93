using Gpux.Runtime.Generation.Processors;
using Gpux.Runtime.Generation.Sampling;
using Gpux.Runtime.Generation.Stopping;

namespace Gpux.Runtime.Generation;

/// <summary>What one call of generate decides before its first step. Both ways of generating go on from here.</summary>
internal sealed class GenerationRun : IDisposable
{
    private readonly ulong _seed;

    /// <exception cref="GpuxException">The settings make no sense, or the prompt leaves no room.</exception>
    public GenerationRun(IDecoder decoder, GenerationConfig config, GenerationOptions options, TokenBatch prompt)
    {
        if (prompt.Rows == 0 || prompt.Length == 0)
            throw new ArgumentException("The prompt is empty.", nameof(prompt));
        GenerationConfigCheck.Check(config);
        // Without an encoder, rules about its input look at the prompt.
        var encoderInput = options.EncoderInput ?? prompt;
        if (encoderInput.Length > 0 && encoderInput.Rows != prompt.Rows)
            throw new ArgumentException($"The prompt has {prompt.Rows} rows, the encoder's input {encoderInput.Rows}.", nameof(options));

        Config = config;
        Prompt = prompt;
        Limits = LengthLimits.Of(config, prompt.Length, decoder.Capacity);
        VocabularySize = decoder.VocabularySize;
        Copies = Math.Max(config.NumBeams, config.NumReturnSequences);
        if ((long)prompt.Rows * Copies * VocabularySize > Array.MaxLength)
            throw new InvalidGenerationConfigException("The settings",
                $"{prompt.Rows} prompts times {Copies} sequences are too many for a vocabulary of {VocabularySize} tokens");
        Rows = prompt.Rows * Copies;
        Pipeline = LogitsPipeline.For(config, Limits, VocabularySize, encoderInput, Copies, options.Processors);
        Stopping = new StoppingRules(config, options, Limits.MaxLength);
        Feed = new DecoderFeed(decoder, prompt, Attended(prompt, config, hasEncoder: options.EncoderInput is not null), Copies);
        _seed = options.Seed ?? (ulong)Random.Shared.NextInt64();
    }

    public GenerationConfig Config { get; }
    public TokenBatch Prompt { get; }
    public LengthLimits Limits { get; }
    public int VocabularySize { get; }

    /// <summary>The rows that are generated for each row of the prompt.</summary>
    public int Copies { get; }

    public int Rows { get; }
    public LogitsPipeline Pipeline { get; }
    public StoppingRules Stopping { get; }
    public DecoderFeed Feed { get; }

    /// <summary>What fills rows that have ended; null if the settings name no token for it.</summary>
    public int? PadTokenId => Config.PadTokenId ?? (Config.EosTokenId is [var end, ..] ? end : null);

    /// <summary>A stream of chance for each of so many rows.</summary>
    public RandomStream[] RandomStreams(int count)
    {
        var streams = new RandomStream[count];
        for (var i = 0; i < count; i++)
            streams[i] = new RandomStream(_seed, i);
        return streams;
    }

    /// <summary>Every row with its prompt.</summary>
    public TokenRows PromptRows()
    {
        var rows = new TokenRows(Rows, Prompt.Length);
        for (var row = 0; row < Rows; row++)
            Prompt[row / Copies].CopyTo(rows[row]);
        return rows;
    }

    public void Dispose() => Pipeline.Dispose();

    private static bool[] Attended(TokenBatch prompt, GenerationConfig config, bool hasEncoder)
    {
        var attended = new bool[prompt.Ids.Length];
        attended.AsSpan().Fill(true);
        if (!prompt.Attended.IsEmpty)
            return prompt.Attended.ToArray();
        // The reference takes pads for padding, unless they also mean the end of a text.
        if (!hasEncoder && config.PadTokenId is { } pad && !config.EosTokenId.Contains(pad))
        {
            for (var i = 0; i < attended.Length; i++)
                attended[i] = prompt.Ids[i] != pad;
        }
        return attended;
    }
}
