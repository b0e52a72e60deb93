namespace Gpux.Runtime.Images;

/// <summary>Extents in pixels.</summary>
public readonly record struct ImageSize(int Width, int Height)
{
    public override string ToString() => $"{Width}x{Height}";
}
