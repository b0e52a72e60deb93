namespace Gpux.Runtime.Images;

/// <summary>An image exceeds one of <see cref="ImageLimits"/>.</summary>
public sealed class ImageTooLargeException(string file, string problem) : GpuxException(
    ErrorCode.ImageTooLarge, $"The image '{file}' is too large: {problem}.",
    "Scale it down, or raise the image limits if you trust it.")
{
    public string File { get; } = file;
}
