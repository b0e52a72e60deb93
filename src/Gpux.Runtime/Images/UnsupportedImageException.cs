namespace Gpux.Runtime.Images;

/// <summary>The file is no image, or one of a format that GPUX does not read.</summary>
public sealed class UnsupportedImageException(string file, string problem) : GpuxException(
    ErrorCode.UnsupportedImage, $"The image '{file}' cannot be read: {problem}.", "Convert it to PNG or JPEG.")
{
    public string File { get; } = file;
}
