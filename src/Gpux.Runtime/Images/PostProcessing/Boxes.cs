namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>A rectangle by its corners, in pixels, or in shares of the image where no size was given. It may reach past the image.</summary>
public readonly record struct Box(float XMin, float YMin, float XMax, float YMax);

/// <summary>Something found in an image.</summary>
/// <param name="Score">From 0 to 1.</param>
/// <param name="Label">The number of its class, or of the text that was asked for.</param>
public readonly record struct Detection(float Score, int Label, Box Box);

/// <summary>Turns a model's boxes, centre and extent in shares of the image, into corners.</summary>
/// <remarks>Source: transformers 5.23, center_to_corners_format.</remarks>
internal readonly ref struct RelativeBoxes(ReadOnlySpan<float> boxes, ImageSize? target)
{
    private readonly ReadOnlySpan<float> _boxes = boxes;
    private readonly float _width = target?.Width ?? 1;
    private readonly float _height = target?.Height ?? 1;

    public Box this[int query]
    {
        get
        {
            var box = _boxes.Slice(4 * query, 4);
            var (halfWidth, halfHeight) = (0.5f * box[2], 0.5f * box[3]);
            return new Box((box[0] - halfWidth) * _width, (box[1] - halfHeight) * _height,
                (box[0] + halfWidth) * _width, (box[1] + halfHeight) * _height);
        }
    }
}
