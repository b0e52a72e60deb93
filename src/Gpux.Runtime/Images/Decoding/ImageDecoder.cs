namespace Gpux.Runtime.Images.Decoding;

internal static class ImageDecoder
{
    public static Image Decode(EncodedImage file)
    {
        var format = ImageFormats.Detect(file.Bytes);
        return format switch
        {
            ImageFormat.Unknown => throw file.Unsupported(ImageFormats.Describe(file.Bytes)),
            ImageFormat.Gif => GifDecoder.Decode(file),
            ImageFormat.Bmp => BmpDecoder.Decode(file),
            ImageFormat.Netpbm => NetpbmDecoder.Decode(file),
            _ => VipsDecoder.Decode(file, format),
        };
    }
}
