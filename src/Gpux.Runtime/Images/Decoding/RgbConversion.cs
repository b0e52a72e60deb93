using System.Runtime.InteropServices;

namespace Gpux.Runtime.Images.Decoding;

/// <summary>Turns decoded rows into RGB as Pillow's <c>convert("RGB")</c> does.</summary>
/// <remarks>Source: Pillow 13, Convert.c and the unpackers of its PNG, JPEG and TIFF plugins.</remarks>
internal sealed class RgbConversion
{
    private delegate void Kernel(ReadOnlySpan<byte> source, Span<byte> rgb);

    private readonly Kernel _kernel;

    private RgbConversion(int bytesPerElement, Kernel kernel)
    {
        BytesPerElement = bytesPerElement;
        _kernel = kernel;
    }

    public int BytesPerElement { get; }

    /// <param name="source">Pixels of all bands, in the order of memory.</param>
    /// <param name="rgb">As many pixels of 3 bytes.</param>
    public void Apply(ReadOnlySpan<byte> source, Span<byte> rgb) => _kernel(source, rgb);

    public static RgbConversion Choose(
        EncodedImage file, ImageFormat format, Vips.BandFormat elements, int bands, Vips.Interpretation interpretation)
    {
        var isTiff = format == ImageFormat.Tiff;
        var known = interpretation is Vips.Interpretation.Multiband or Vips.Interpretation.BlackWhite or Vips.Interpretation.SRgb
            or Vips.Interpretation.Rgb16 or Vips.Interpretation.Grey16 or Vips.Interpretation.Cmyk;
        // libvips takes the numbers of such a file for RGB.
        if (!known || (isTiff && TiffTags.IsUnconvertedYCbCr(file.Bytes)))
            throw file.Unsupported("its colours are neither grey nor RGB nor CMYK");
        if (bands == 1 && elements is not (Vips.BandFormat.UInt8 or Vips.BandFormat.UInt16))
            return Clip(file, elements);
        return (elements, bands) switch
        {
            (Vips.BandFormat.UInt8, >= 4) when interpretation == Vips.Interpretation.Cmyk => Cmyk(1, bands),
            (Vips.BandFormat.UInt16, >= 4) when interpretation == Vips.Interpretation.Cmyk => Cmyk(2, bands),
            (Vips.BandFormat.UInt8, 1 or 2) => new(1, (source, rgb) => Spread(source, rgb, bands)),
            (Vips.BandFormat.UInt8, 3) => new(1, (source, rgb) => source.CopyTo(rgb)),
            (Vips.BandFormat.UInt8, _) => new(1, (source, rgb) => TakeThree(source, rgb, bands, elementBytes: 1)),
            (Vips.BandFormat.UInt16, >= 3) => new(2, (source, rgb) => TakeThree(source, rgb, bands, elementBytes: 2)),
            // Pillow takes PNG's 16-bit grey with alpha for RGBA, so the high bytes count, and clips plain 16-bit grey, to which
            // a transparent colour adds no alpha.
            (Vips.BandFormat.UInt16, 2) when format == ImageFormat.Png && !IsPlainGrey(file.Bytes) => new(2, SpreadHighByte),
            (Vips.BandFormat.UInt16, _) => new(2, (source, rgb) => SpreadClipped(source, rgb, bands)),
            _ => throw file.Unsupported("its colours are neither 8-bit nor unsigned 16-bit numbers"),
        };
    }

    private static void Spread(ReadOnlySpan<byte> source, Span<byte> rgb, int bands)
    {
        for (int from = 0, to = 0; to < rgb.Length; from += bands, to += 3)
            rgb[to] = rgb[to + 1] = rgb[to + 2] = source[from];
    }

    /// <summary>The first three bands, of each element the high byte.</summary>
    private static void TakeThree(ReadOnlySpan<byte> source, Span<byte> rgb, int bands, int elementBytes)
    {
        var step = bands * elementBytes;
        for (int from = HighByte(elementBytes), to = 0; to < rgb.Length; from += step, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (source[from], source[from + elementBytes], source[from + 2 * elementBytes]);
    }

    private static void SpreadHighByte(ReadOnlySpan<byte> source, Span<byte> rgb)
    {
        for (int from = HighByte(2), to = 0; to < rgb.Length; from += 4, to += 3)
            rgb[to] = rgb[to + 1] = rgb[to + 2] = source[from];
    }

    private static void SpreadClipped(ReadOnlySpan<byte> source, Span<byte> rgb, int bands)
    {
        var values = MemoryMarshal.Cast<byte, ushort>(source);
        for (int from = 0, to = 0; to < rgb.Length; from += bands, to += 3)
            rgb[to] = rgb[to + 1] = rgb[to + 2] = (byte)Math.Min((ushort)255, values[from]);
    }

    private static RgbConversion Cmyk(int elementBytes, int bands) => new(elementBytes, (source, rgb) =>
    {
        for (int from = HighByte(elementBytes), to = 0; to < rgb.Length; from += bands * elementBytes, to += 3)
        {
            var light = 255 - source[from + 3 * elementBytes];
            rgb[to] = Absorb(source[from], light);
            rgb[to + 1] = Absorb(source[from + elementBytes], light);
            rgb[to + 2] = Absorb(source[from + 2 * elementBytes], light);
        }
    });

    /// <summary>light - ink * light / 255, rounded.</summary>
    private static byte Absorb(byte ink, int light)
    {
        var product = ink * light + 128;
        return (byte)Math.Max(0, light - (((product >> 8) + product) >> 8));
    }

    /// <summary>Measurements rather than colours: what lies outside 0 to 255 is clipped, fractions are cut off.</summary>
    private static RgbConversion Clip(EncodedImage file, Vips.BandFormat elements) => elements switch
    {
        Vips.BandFormat.Int16 => new(2, (source, rgb) => SpreadClipped<short>(source, rgb, value => value)),
        Vips.BandFormat.UInt32 => new(4, (source, rgb) => SpreadClipped<uint>(source, rgb, value => value)),
        Vips.BandFormat.Int32 => new(4, (source, rgb) => SpreadClipped<int>(source, rgb, value => value)),
        Vips.BandFormat.Float32 => new(4, (source, rgb) => SpreadClipped<float>(source, rgb, value => value)),
        Vips.BandFormat.Float64 => new(8, (source, rgb) => SpreadClipped<double>(source, rgb, value => value)),
        _ => throw file.Unsupported("its pixels are complex or signed 8-bit numbers"),
    };

    private static void SpreadClipped<T>(ReadOnlySpan<byte> source, Span<byte> rgb, Func<T, double> toDouble) where T : unmanaged
    {
        var values = MemoryMarshal.Cast<byte, T>(source);
        for (int from = 0, to = 0; to < rgb.Length; from++, to += 3)
        {
            var value = toDouble(values[from]);
            rgb[to] = rgb[to + 1] = rgb[to + 2] = value > 0 ? (byte)Math.Min(255, value) : (byte)0;
        }
    }

    /// <summary>Where in an element its highest byte is.</summary>
    private static int HighByte(int elementBytes) => BitConverter.IsLittleEndian ? elementBytes - 1 : 0;

    /// <summary>Whether a PNG's header says grey without alpha.</summary>
    private static bool IsPlainGrey(ReadOnlySpan<byte> png) => png.Length > 25 && png[25] == 0;
}
