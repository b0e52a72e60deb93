using Gpux.Runtime.Generation.Processors;

namespace Gpux.Runtime.Generation;

/// <summary>The ids of a row as text, special tokens as the caller wants them.</summary>
public delegate string TokenDecoder(ReadOnlySpan<int> ids);

/// <summary>Asked after each token of a row. True ends the row.</summary>
/// <param name="ids">Prompt and new tokens.</param>
public delegate bool StopPredicate(ReadOnlySpan<int> ids);

/// <summary>What a call brings besides settings.</summary>
public sealed record GenerationOptions
{
    /// <summary>The same seed, prompt and settings give the same tokens, in every release. Null: chance.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Needed where settings have stop strings.</summary>
    public TokenDecoder? Decode { get; init; }

    /// <summary>Ends a row for a reason of the caller's.</summary>
    public StopPredicate? StopWhen { get; init; }

    /// <summary>The tokens that an encoder read, padded; the prompt itself if null. An empty batch if the encoder reads no tokens.</summary>
    public TokenBatch? EncoderInput { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Rules of a model family's own. They act after the common ones and before those of sampling.</summary>
    internal IReadOnlyList<ILogitsProcessor> Processors { get; init; } = [];
}
