namespace Gpux.Runtime.Images.Resizing;

/// <summary>A rectangle of pixels; it may reach past the image that it is a part of.</summary>
internal readonly record struct Window(int Left, int Top, int Width, int Height)
{
    public static Window Whole(ImageSize size) => new(0, 0, size.Width, size.Height);

    /// <summary>The part inside an image; without extent where they do not meet.</summary>
    public Window Within(ImageSize size)
    {
        var (left, top) = (Math.Clamp(Left, 0, size.Width), Math.Clamp(Top, 0, size.Height));
        var (right, bottom) = (Math.Clamp(Left + Width, left, size.Width), Math.Clamp(Top + Height, top, size.Height));
        return new Window(left, top, right - left, bottom - top);
    }
}

/// <summary>8-bit RGB in memory, rows at a fixed distance.</summary>
internal readonly unsafe struct Plane(byte* data, nint stride, ImageSize size)
{
    public byte* Data { get; } = data;
    public nint Stride { get; } = stride;
    public ImageSize Size { get; } = size;

    public byte* Row(int y) => Data + y * Stride;

    public Plane Part(int left, int top, ImageSize size) => new(Row(top) + left * 3, Stride, size);
}
