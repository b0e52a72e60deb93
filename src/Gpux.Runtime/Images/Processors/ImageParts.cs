namespace Gpux.Runtime.Images.Processors;

/// <summary>Images of which each has become several of one size.</summary>
internal sealed class ImageParts(int images)
{
    private readonly List<Tensor> _parts = new(images);

    public IReadOnlyList<Tensor> OfEach => _parts;

    public void Add(ProcessorSteps steps, IReadOnlyList<Image> parts, ImageLimits limits) => _parts.Add(steps.Run(parts, limits)["pixel_values"]);

    /// <summary>float32 [images, the most parts, 3, height, width]; missing parts are zeros.</summary>
    public Tensor Stacked()
    {
        var most = 0L;
        foreach (var parts in _parts)
            most = Math.Max(most, parts.Shape[0]);
        var one = RequireOneSize();
        CheckSize(_parts.Count * most * one[1] * one[2] * one[3]);
        var stacked = Tensor.Zeros(ElementType.Float32, new Shape(_parts.Count, most, one[1], one[2], one[3]));
        var floats = stacked.AsSpan<float>();
        for (var i = 0; i < _parts.Count; i++)
            _parts[i].AsSpan<float>().CopyTo(floats[(i * (floats.Length / _parts.Count))..]);
        return stacked;
    }

    /// <summary>float32 [all parts, 3, height, width].</summary>
    public Tensor Joined()
    {
        if (_parts.Count == 1)
            return _parts[0];
        var count = 0L;
        foreach (var parts in _parts)
            count += parts.Shape[0];
        var one = RequireOneSize();
        CheckSize(count * one[1] * one[2] * one[3]);
        var joined = Tensor.Uninitialized(ElementType.Float32, new Shape(count, one[1], one[2], one[3]));
        var rest = joined.AsSpan<float>();
        foreach (var parts in _parts)
        {
            parts.AsSpan<float>().CopyTo(rest);
            rest = rest[(int)parts.Shape.ElementCount..];
        }
        return joined;
    }

    private static void CheckSize(long elements)
    {
        if (elements * sizeof(float) > Array.MaxLength)
            throw new UnfitImagesException("The images' parts take more than 2 GiB.", "Send fewer images at once.");
    }

    private Shape RequireOneSize()
    {
        var one = _parts[0].Shape;
        foreach (var parts in _parts)
            if (parts.Shape[2] != one[2] || parts.Shape[3] != one[3])
                throw new UnfitImagesException("This model's processor makes parts of different sizes of these images.", "Send one at a time.");
        return one;
    }
}
