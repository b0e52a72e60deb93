namespace Gpux.Runtime.Images.Writing;

/// <summary>Writes images to files, in the format that the file's name tells.</summary>
public static class ImageEncoder
{
    /// <summary>Endings of names that can be written, such as .png.</summary>
    public static IReadOnlyList<string> Endings => [".png", ".jpg", ".jpeg", ".webp"];

    /// <summary>Whether a name's ending is one of <see cref="Endings"/>.</summary>
    public static bool CanWrite(string path) => Endings.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>Writes beside the file and then takes its place, so that nobody finds half of it.</summary>
    /// <exception cref="UnsupportedImageException">The name's ending is none of <see cref="Endings"/>, or libvips, which JPEG and WebP need,
    /// cannot write it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(this Image image, string path)
    {
        var ending = Path.GetExtension(path).ToLowerInvariant();
        OutputFile.Write(path, whole =>
        {
            switch (ending)
            {
                case ".png":
                    using (var file = File.Create(whole))
                        PngEncoder.Write(image, file);
                    break;
                case ".jpg" or ".jpeg":
                    VipsEncoder.Write(image, "jpegsave", whole, path);
                    break;
                case ".webp":
                    VipsEncoder.Write(image, "webpsave", whole, path);
                    break;
                default:
                    throw new UnsupportedImageException(path, $"images are written as {string.Join(", ", Endings)}");
            }
        });
    }

    /// <summary>The image as a PNG file in memory.</summary>
    public static byte[] ToPng(this Image image)
    {
        using var memory = new MemoryStream();
        PngEncoder.Write(image, memory);
        return memory.ToArray();
    }
}
