using Gpux.Bench.Measurement;
using Gpux.Bench.Reports;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Writing;

namespace Gpux.Bench.Benches;

/// <summary>How fast does a photo become what a model takes?</summary>
/// <remarks>A JPEG of 4000 x 3000 pixels to 224 x 224. Ours decodes all of it and resizes to the very pixels of the original processor, then normalises;
/// vipsthumbnail lets the JPEG decoder leave out most of the picture, which is quicker and gives other pixels; vips resize decodes all of it.</remarks>
internal static class ImagesBench
{
    private const int Width = 4000, Height = 3000;
    private const string Settings = """{"image_processor_type": "ViTImageProcessor", "size": {"height": 224, "width": 224}, "resample": 2}""";

    public static IEnumerable<Row> Measure(BenchSettings settings)
    {
        var folder = settings.Made("images");
        Directory.CreateDirectory(folder);
        var photo = Path.Combine(folder, "photo.jpg");
        if (!File.Exists(photo))
            Photo().Save(photo);
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), Settings);
        var processor = ImageProcessor.Load(name => Path.Combine(folder, name));
        var made = Path.Combine(folder, "made.png");
        var thumbnail = settings.Program("vipsthumbnail", photo, "--size", "224x224!", "-o", made);
        var whole = settings.Program("vips", "resize", photo, made, "0.056", "--vscale", "0.0746666");
        var program = settings.Program(settings.Gpux, "preprocess", folder, photo);
        if (!IsInstalled("vipsthumbnail"))
        {
            var alone = Alternation.Measure(2, settings.Rounds(15), () => Process(processor, photo));
            yield return new Row("JPEG of 12 megapixels to 224 x 224, in a process that runs", "ms", alone[0], null, "vipsthumbnail is not installed (eng/bench-tools.sh)");
            yield break;
        }
        var times = Alternation.Measure(2, settings.Rounds(15), () => Process(processor, photo), program.Milliseconds, thumbnail.Milliseconds, whole.Milliseconds);
        const string Thumbnail = "vipsthumbnail (program; other pixels)", Whole = "vips resize (program)";
        yield return new Row("JPEG of 12 megapixels to 224 x 224, in a process that runs", "ms", times[0], times[2], Thumbnail);
        yield return new Row("JPEG of 12 megapixels to 224 x 224, in a process that runs", "ms", times[0], times[3], Whole);
        yield return new Row("JPEG of 12 megapixels to 224 x 224, gpux preprocess (program)", "ms", times[1], times[2], Thumbnail);
        yield return new Row("JPEG of 12 megapixels to 224 x 224, gpux preprocess (program)", "ms", times[1], times[3], Whole);
    }

    private static double Process(ImageProcessor processor, string photo) => Alternation.Time(() => processor.Process([Image.Load(photo)]));

    private static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    // Waves and grain: as hard to decode as a photo, and the same everywhere.
    private static Image Photo()
    {
        var pixels = new byte[Width * Height * 3];
        var noise = 1u;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
                for (var colour = 0; colour < 3; colour++)
                {
                    noise = noise * 1664525 + 1013904223;
                    var wave = 60 * Math.Sin(x / (37.0 + 20 * colour)) * Math.Cos(y / 53.0) + 40 * Math.Sin((x + 2 * y) / 211.0);
                    pixels[(y * Width + x) * 3 + colour] = (byte)Math.Clamp(128 + wave + (noise >> 27), 0, 255);
                }
        return Image.FromPixels(Width, Height, pixels);
    }
}
