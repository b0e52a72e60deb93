namespace Gpux.Runtime.Images;

/// <summary>The file is of a known format, but truncated or damaged: nothing of it is used.</summary>
public sealed class DamagedImageException(string file, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.DamagedImage, $"The image '{file}' is damaged: {problem}.", "Fetch or export the image again.", inner)
{
    public string File { get; } = file;
}
