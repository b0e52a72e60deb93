using Gpux.Runtime.Images;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Every recorded image file: Pillow's pixels exactly, within 3 levels where the format loses some, or an
/// error.</summary>
public sealed class ImageDecodingConformanceTests
{
    private static readonly ConformanceCase Recorded = ConformanceCase.Read(Path.Combine(ConformanceCorpus.Root, "processors", "decode"));

    public static TheoryData<string> Runs => [.. Recorded.Runs.Select(run => run.Name)];
    public static TheoryData<string> Errors => [.. Recorded.Errors];

    [Theory]
    [MemberData(nameof(Runs))]
    public void File_has_pixels_of_original(string name)
    {
        var run = Recorded.Runs.Single(run => run.Name == name);
        var expected = Recorded.Tensors.Values($"{name}/out/rgb");
        var image = Image.Load(Path.Combine(ConformanceCorpus.Root, run.Files[0]));
        Assert.Equal(Recorded.Tensors.Shape($"{name}/out/rgb"), [image.Height, image.Width, 3]);
        var furthest = expected.Zip(image.Pixels.ToArray(), (recorded, actual) => Math.Abs(recorded - actual)).Max();
        Assert.InRange(furthest, 0, run.Tolerance);
    }

    [Theory]
    [MemberData(nameof(Errors))]
    public void File_that_original_refuses_is_refused_by_name(string file)
    {
        var path = Path.Combine(ConformanceCorpus.Root, file);
        var error = Assert.ThrowsAny<GpuxException>(() => Image.Load(path));
        Assert.True(error is DamagedImageException or UnsupportedImageException, error.GetType().Name);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }
}
