using System.Runtime.Intrinsics.X86;
using Gpux.Runtime.Images;
using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Tests.Images;

public sealed class ResizerTests
{
    public static TheoryData<int, int, int, int> Sizes => new()
    {
        { 61, 43, 17, 29 }, { 61, 43, 200, 3 }, { 1, 1, 7, 5 }, { 1, 300, 9, 9 }, { 300, 1, 9, 9 }, { 5, 4, 5, 9 }, { 3, 2, 2, 2 }, { 640, 3, 31, 3 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Window_equals_that_part_of_whole(int width, int height, int targetWidth, int targetHeight)
    {
        var image = Noise(width, height);
        var target = new ImageSize(targetWidth, targetHeight);
        var window = new Window(targetWidth / 3, targetHeight / 4, (targetWidth + 1) / 2, (targetHeight + 1) / 2);
        foreach (var filter in Enum.GetValues<ResampleFilter>())
            foreach (var arithmetic in Enum.GetValues<ResizeArithmetic>())
            {
                var whole = Resize(image, target, Window.Whole(target), filter, arithmetic);
                var part = Resize(image, target, window, filter, arithmetic);
                for (var y = 0; y < window.Height; y++)
                    Assert.Equal(whole.AsSpan(((window.Top + y) * targetWidth + window.Left) * 3, window.Width * 3),
                        part.AsSpan(y * window.Width * 3, window.Width * 3));
            }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public unsafe void Kernels_agree(int width, int height, int targetWidth, int targetHeight)
    {
        Assert.Equal(Avx2.IsSupported, Avx2Kernels.IsSupported);
        if (!Avx2.IsSupported)
            return; // there is one kernel only
        var image = Noise(width, height);
        foreach (var (filter, arithmetic) in
            from filter in Enum.GetValues<ResampleFilter>()
            where filter != ResampleFilter.Nearest
            from arithmetic in Enum.GetValues<ResizeArithmetic>()
            select (filter, arithmetic))
        {
            var columns = ResampleWeights.Compute(width, targetWidth, 0, targetWidth, filter, arithmetic);
            var rows = ResampleWeights.Compute(height, targetHeight, 0, targetHeight, filter, arithmetic);
            var (across, across2) = (new byte[targetWidth * height * 3 + Image.Slack], new byte[targetWidth * height * 3 + Image.Slack]);
            var (down, down2) = (new byte[targetHeight * width * 3], new byte[targetHeight * width * 3]);
            fixed (byte* source = image.PixelsAndSlack, a = across, a2 = across2, d = down, d2 = down2)
            {
                var from = new Plane(source, width * 3, image.Size);
                Avx2Kernels.Horizontally(from, new Plane(a, targetWidth * 3, new ImageSize(targetWidth, height)), columns);
                PortableKernels.Horizontally(from, new Plane(a2, targetWidth * 3, new ImageSize(targetWidth, height)), columns);
                Avx2Kernels.Vertically(from, new Plane(d, width * 3, new ImageSize(width, targetHeight)), rows);
                PortableKernels.Vertically(from, new Plane(d2, width * 3, new ImageSize(width, targetHeight)), rows);
            }
            Assert.Equal(across2, across);
            Assert.Equal(down2, down);
        }
    }

    /// <summary>The definition, in doubles: what fixed-point weights may differ from by one level.</summary>
    [Theory]
    [MemberData(nameof(Sizes))]
    public void Result_is_weighted_sum_rounded_after_each_axis(int width, int height, int targetWidth, int targetHeight)
    {
        var image = Noise(width, height);
        foreach (var filter in Enum.GetValues<ResampleFilter>().Where(filter => filter != ResampleFilter.Nearest))
        {
            var across = Sum(image.Pixels.ToArray(), width, height, targetWidth, filter, isRow: true);
            var expected = Sum(across, targetWidth, height, targetHeight, filter, isRow: false);
            var actual = Resize(image, new ImageSize(targetWidth, targetHeight), Window.Whole(new(targetWidth, targetHeight)), filter, ResizeArithmetic.Torchvision);
            var differences = expected.Zip(actual, (first, second) => Math.Abs(first - second)).ToArray();
            Assert.InRange(differences.Max(), 0, 2);
            Assert.InRange(differences.Average(), 0, 0.1);
        }
    }

    [Fact]
    public void Pillow_resizes_what_gets_much_lower_vertically_first()
    {
        var image = Noise(40, 300);
        var target = new ImageSize(20, 100); // 200 rows less, 20 columns less
        var first = Resize(image, target, Window.Whole(target), ResampleFilter.Bicubic, ResizeArithmetic.Pillow);
        var down = Sum(image.Pixels.ToArray(), 40, 300, 100, ResampleFilter.Bicubic, isRow: false);
        var expected = Sum(down, 40, 100, 20, ResampleFilter.Bicubic, isRow: true);
        Assert.Equal(expected, first);
    }

    private static byte[] Sum(byte[] pixels, int width, int height, int target, ResampleFilter filter, bool isRow)
    {
        var taps = new ResampleTaps(isRow ? width : height, target, filter);
        var weights = new double[taps.MaxCount];
        var (newWidth, newHeight) = isRow ? (target, height) : (width, target);
        var result = new byte[newWidth * newHeight * 3];
        for (var i = 0; i < target; i++)
        {
            var (first, count) = taps.Compute(i, weights);
            for (var other = 0; other < (isRow ? height : width); other++)
                for (var colour = 0; colour < 3; colour++)
                {
                    var sum = 0.0;
                    for (var tap = 0; tap < count; tap++)
                        sum += weights[tap] * pixels[((isRow ? other : first + tap) * width + (isRow ? first + tap : other)) * 3 + colour];
                    result[((isRow ? other : i) * newWidth + (isRow ? i : other)) * 3 + colour] = (byte)Math.Clamp(Math.Floor(sum + 0.5), 0, 255);
                }
        }
        return result;
    }

    private static byte[] Resize(Image image, ImageSize target, Window window, ResampleFilter filter, ResizeArithmetic arithmetic)
    {
        var rgb = new byte[window.Width * window.Height * 3];
        Resizer.Resize(image, target, window, filter, arithmetic, rgb);
        return rgb;
    }

    private static Image Noise(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        new Random(width * 1000 + height).NextBytes(pixels);
        return Image.FromPixels(width, height, pixels);
    }
}
