using Gpux.Models;
using Gpux.Registries;
using Gpux.Runtime.Images;

namespace Gpux.Cli.Commands;

/// <summary>The images that a user names: files, standard input and, if allowed, web addresses.</summary>
internal static class ImageSource
{
    private static readonly string[] Endings = [".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"];

    /// <exception cref="UsageException">A folder or pattern has no images, or a web address is not allowed.</exception>
    public static MediaFiles Find(IReadOnlyList<string> words, bool allowsAddresses)
    {
        if (!allowsAddresses && words.FirstOrDefault(MediaFiles.IsAddress) is { } address)
            throw new UsageException($"'{address}' is a web address.", "Allow it to be fetched with --allow-url, or give a file.");
        return MediaFiles.Find(words, "images", Endings);
    }

    /// <exception cref="UsageException">It cannot be read.</exception>
    /// <exception cref="GpuxException">It is no image, or cannot be fetched.</exception>
    public static Image Load(string name, RegistryEnvironment environment, CancellationToken cancellationToken)
    {
        if (MediaFiles.IsAddress(name))
            return RemoteImage.LoadAsync(new Uri(name), environment, ImageLimits.Default, cancellationToken).GetAwaiter().GetResult();
        if (name != MediaFiles.StandardInput)
            return ImageFile.Load(name);
        using var input = Console.OpenStandardInput();
        return Image.Load(input, name: "standard input");
    }
}
