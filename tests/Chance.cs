namespace Gpux.Tests;

/// <summary>Numbers that look like chance and follow from a seed: to begin anew costs nothing, unlike with <see cref="Random"/>.</summary>
/// <remarks>Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014: SplitMix64.</remarks>
internal sealed class Chance
{
    private ulong _state;

    public void Begin(int seed) => _state = (ulong)seed;

    /// <summary>From 0 to below <paramref name="end"/>.</summary>
    public int Next(int end) => (int)Math.BigMul(NextBits(), (ulong)end, out _);

    /// <summary>From <paramref name="start"/> to below <paramref name="end"/>.</summary>
    public int Next(int start, int end) => start + Next(end - start);

    /// <summary>One of these.</summary>
    public T Of<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    public ulong NextBits()
    {
        var bits = _state += 0x9E3779B97F4A7C15;
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
        return bits ^ bits >> 31;
    }
}
