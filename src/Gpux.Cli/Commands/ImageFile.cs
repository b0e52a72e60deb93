using Gpux.Runtime.Images;

namespace Gpux.Cli.Commands;

internal static class ImageFile
{
    /// <summary>Reads an image that the user names.</summary>
    /// <exception cref="UsageException">There is no such file, or it cannot be read.</exception>
    public static Image Load(string path)
    {
        try
        {
            return Image.Load(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The image '{path}' cannot be read: {exception.Message}", "Give the path of an image file.");
        }
    }
}
