namespace Gpux.Runtime.Generation.Sampling;

/// <summary>Random numbers that a seed determines in every release and on every platform, which System.Random does not promise.</summary>
/// <remarks>SplitMix64: number n is a mix of seed + n * constant, so it is a generator of counters. Each row has a stream of its own
/// and does not depend on the others of its batch. Source: Steele, Lea, Flood, doi:10.1145/2660193.2660195.</remarks>
internal struct RandomStream(ulong seed, int row)
{
    private const ulong Step = 0x9e37_79b9_7f4a_7c15;
    private ulong _counter = Mix(seed + Mix((ulong)row + 1));

    /// <summary>From 0, below 1, in steps of 2^-53.</summary>
    public double NextDouble() => (Mix(_counter += Step) >> 11) * (1.0 / (1ul << 53));

    private static ulong Mix(ulong value)
    {
        value = (value ^ value >> 30) * 0xbf58_476d_1ce4_e5b9;
        value = (value ^ value >> 27) * 0x94d0_49bb_1331_11eb;
        return value ^ value >> 31;
    }
}
