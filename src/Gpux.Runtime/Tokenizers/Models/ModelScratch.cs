namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>Reusable memory of a model; one thread at a time.</summary>
internal sealed class ModelScratch
{
    public WordCache Words { get; } = new();

    public TokenList Tokens { get; } = new();

    /// <summary>Symbols of a word while they are merged.</summary>
    public MergeList Merges { get; } = new();

    /// <summary>Room for a token that is put together, and for the hashes of its prefixes.</summary>
    public byte[] Bytes { get; private set; } = new byte[256];

    public uint[] Hashes { get; private set; } = new uint[256];

    /// <summary>The best way to each place of a piece.</summary>
    public ViterbiStep[] Steps { get; private set; } = [];

    public void ReserveBytes(int count)
    {
        if (Bytes.Length >= count)
            return;
        Bytes = new byte[count * 2];
        Hashes = new uint[count * 2];
    }

    public void ReserveSteps(int count)
    {
        if (Steps.Length < count)
            Steps = new ViterbiStep[Math.Max(count, Steps.Length * 2)];
    }
}
