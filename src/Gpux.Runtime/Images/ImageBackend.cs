namespace Gpux.Runtime.Images;

/// <summary>Which of transformers' two implementations of an image processor is followed. They differ by one 8-bit level in few
/// pixels.</summary>
public enum ImageBackend
{
    /// <summary>torchvision's: the default of transformers 5.</summary>
    Fast,

    /// <summary>Pillow's and NumPy's: the default of transformers 4.</summary>
    Slow,
}
