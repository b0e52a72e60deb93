namespace Gpux.Runtime.Images.Resizing;

/// <summary>The exact weights of the source pixels that make each pixel of a resized row.</summary>
/// <remarks>Source: Pillow 13, Resample.c, and torch 2.13, UpSampleKernel.cpp, which agree.</remarks>
internal sealed class ResampleTaps
{
    private readonly int _source;
    private readonly ResampleFilter _filter;
    private readonly double _scale;
    private readonly double _inverseFilterScale;
    private readonly double _support;

    public ResampleTaps(int source, int target, ResampleFilter filter)
    {
        _source = source;
        _filter = filter;
        _scale = source / (double)target;
        var filterScale = Math.Max(1, _scale); // wider where the image is made smaller
        _inverseFilterScale = 1 / filterScale;
        _support = filter.Support() * filterScale;
        Target = target;
        MaxCount = (int)Math.Ceiling(_support) * 2 + 1;
    }

    /// <summary>Pixels of the whole resized row.</summary>
    public int Target { get; }

    /// <summary>No pixel has more taps.</summary>
    public int MaxCount { get; }

    /// <param name="weights">Receives the weights, with sum 1; at least <see cref="MaxCount"/> long.</param>
    /// <returns>The first source pixel, and how many count.</returns>
    public (int First, int Count) Compute(int pixel, Span<double> weights)
    {
        var center = (pixel + 0.5) * _scale;
        var first = Math.Max(0, (int)(center - _support + 0.5));
        var count = Math.Clamp(Math.Min(_source, (int)(center + _support + 0.5)) - first, 0, MaxCount);
        var sum = 0.0;
        for (var tap = 0; tap < count; tap++)
        {
            weights[tap] = _filter.Weight((tap + first - center + 0.5) * _inverseFilterScale);
            sum += weights[tap];
        }
        if (sum != 0)
            foreach (ref var weight in weights[..count])
                weight /= sum;
        return (first, count);
    }
}
