namespace Gpux.Runtime.Generation;

/// <summary>How long rows may and must be, the padded prompt included.</summary>
internal readonly record struct LengthLimits(int PromptLength, int MaxLength, int MinLength)
{
    // What the reference generates where neither the caller nor the repository chose a length.
    private const int DefaultNewTokens = 20;

    /// <param name="capacity">The most tokens that the model can hold in a row.</param>
    /// <exception cref="PromptTooLongException">Not one token more would fit.</exception>
    public static LengthLimits Of(GenerationConfig config, int promptLength, int capacity = int.MaxValue)
    {
        var longest = config.MaxNewTokens is { } newTokens ? (long)promptLength + newTokens
            : config.MaxLength ?? Math.Min((long)promptLength + DefaultNewTokens, config.MaxPositionEmbeddings ?? int.MaxValue);
        // A cache has room for all tokens but the last, which is not read again.
        longest = Math.Min(longest, Math.Min((long)capacity + 1, int.MaxValue));
        if (promptLength >= longest || promptLength > capacity)
            throw new PromptTooLongException(promptLength, (int)Math.Max(longest, 0));
        var shortest = config.MinNewTokens is { } least ? (long)promptLength + least : config.MinLength;
        return new LengthLimits(promptLength, (int)longest, (int)Math.Clamp(shortest, 0, int.MaxValue));
    }
}
