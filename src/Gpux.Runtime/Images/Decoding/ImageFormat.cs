namespace Gpux.Runtime.Images.Decoding;

internal enum ImageFormat
{
    Unknown,
    Jpeg,
    Png,
    Gif,
    WebP,
    Tiff,
    Avif,
    Bmp,
    Netpbm,
}

internal static class ImageFormats
{
    /// <summary>The format that a file's first bytes show.</summary>
    public static ImageFormat Detect(ReadOnlySpan<byte> file) =>
        StartsWith(file, 0xFF, 0xD8, 0xFF) ? ImageFormat.Jpeg
        : StartsWith(file, 0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A) ? ImageFormat.Png
        : file.StartsWith("GIF87a"u8) || file.StartsWith("GIF89a"u8) ? ImageFormat.Gif
        : file.StartsWith("RIFF"u8) && At(file, 8, "WEBP"u8) ? ImageFormat.WebP
        : file.StartsWith("II*\0"u8) || file.StartsWith("MM\0*"u8) || file.StartsWith("II+\0"u8) ? ImageFormat.Tiff
        : IsAvif(file) ? ImageFormat.Avif
        : file.StartsWith("BM"u8) ? ImageFormat.Bmp
        : file.Length > 2 && file[0] == 'P' && file[1] is >= (byte)'1' and <= (byte)'6' && IsSpace(file[2]) ? ImageFormat.Netpbm
        : ImageFormat.Unknown;

    /// <summary>What a file of an unknown format seems to be, for the error.</summary>
    public static string Describe(ReadOnlySpan<byte> file) =>
        file.IsEmpty ? "it is empty"
        : file.TrimStart(" \t\r\n"u8).StartsWith("<"u8) ? "it is XML, perhaps SVG or a web page, which are not rendered"
        : At(file, 4, "ftyphei"u8) || At(file, 4, "ftypmif1"u8) ? "HEIC is not read"
        : At(file, 4, "JXL "u8) || StartsWith(file, 0xFF, 0x0A) ? "JPEG XL is not read"
        : At(file, 4, "jP  "u8) || StartsWith(file, 0xFF, 0x4F, 0xFF, 0x51) ? "JPEG 2000 is not read"
        : file.StartsWith("8BPS"u8) ? "Photoshop files are not read"
        : file.StartsWith("%PDF"u8) ? "it is a PDF"
        : StartsWith(file, 0, 0, 1, 0) ? "icons are not read"
        : "its content is of no image format that is read";

    /// <summary>White space as Netpbm and C define it.</summary>
    public static bool IsSpace(byte character) => character is (byte)' ' or (>= 9 and <= 13);

    private static bool StartsWith(ReadOnlySpan<byte> file, params ReadOnlySpan<byte> signature) => file.StartsWith(signature);

    private static bool At(ReadOnlySpan<byte> file, int offset, ReadOnlySpan<byte> signature) =>
        file.Length >= offset && file[offset..].StartsWith(signature);

    /// <summary>By its main brand, or by one of the others where the main one is that of all HEIF images.</summary>
    private static bool IsAvif(ReadOnlySpan<byte> file) => At(file, 4, "ftypavif"u8) || At(file, 4, "ftypavis"u8)
        || (At(file, 4, "ftypmif1"u8) && file[..Math.Min(file.Length, 64)].IndexOf("avif"u8) >= 0);
}
