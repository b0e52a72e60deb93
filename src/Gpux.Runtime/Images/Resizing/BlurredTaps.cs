namespace Gpux.Runtime.Images.Resizing;

/// <summary>A Gaussian blur and the linear interpolation behind it, as one weighted sum for each pixel of a resized row.</summary>
internal readonly record struct BlurredTaps(int First, float[] Weights)
{
    /// <param name="blurs">Whether to blur, by a deviation of half of what a row is made shorter by.</param>
    /// <param name="isTorch">torchvision's kernel of three deviations, mirrored at the edges, and interpolation that ends there; else SciPy's kernel
    /// of four, with interpolation that is mirrored too.</param>
    public static BlurredTaps[] Compute(int source, int target, bool blurs, bool isTorch)
    {
        var scale = (double)source / target;
        var kernel = Kernel(blurs ? Math.Max(0, (scale - 1) / 2) : 0, isTorch ? 3 : 4, roundsUp: isTorch);
        var taps = new BlurredTaps[target];
        var sums = new double[source];
        for (var pixel = 0; pixel < target; pixel++)
        {
            var at = (pixel + 0.5) * scale - 0.5;
            if (isTorch)
                at = Math.Max(0, at);
            var left = (int)Math.Floor(at);
            var part = at - left;
            var (first, last) = (source, -1);
            Add(left, 1 - part);
            Add(isTorch ? Math.Min(left + 1, source - 1) : left + 1, part);
            taps[pixel] = new BlurredTaps(first, Array.ConvertAll(sums[first..(last + 1)], sum => (float)sum));
            Array.Clear(sums, first, last + 1 - first);

            void Add(int centre, double weight)
            {
                if (weight == 0)
                    return;
                centre = Mirror(centre, source);
                for (var i = 0; i < kernel.Length; i++)
                {
                    var place = Mirror(centre + i - kernel.Length / 2, source);
                    sums[place] += weight * kernel[i];
                    (first, last) = (Math.Min(first, place), Math.Max(last, place));
                }
            }
        }
        return taps;
    }

    /// <summary>Resizes an image that lies in the upper left of a larger black one.</summary>
    /// <param name="factor">What levels are multiplied by.</param>
    /// <param name="planes">Receives 3 x height x width.</param>
    public static void Resize(Image image, float factor, BlurredTaps[] columns, BlurredTaps[] rows, ImageSize target, Span<float> planes)
    {
        // Narrowed by columns first: height of the source x (3 x width of the target), colour by colour.
        var stride = 3 * target.Width;
        if ((long)image.Height * stride > Array.MaxLength / sizeof(float))
            throw new UnfitImagesException($"An image of {image.Size} takes too much memory to resize.", "Use a smaller image.");
        var narrowed = new float[image.Height * stride];
        for (var y = 0; y < image.Height; y++)
        {
            var from = image.Pixels.Slice(y * image.Width * 3, image.Width * 3);
            var to = narrowed.AsSpan(y * stride, stride);
            for (var x = 0; x < target.Width; x++)
            {
                var (first, weights) = columns[x];
                float red = 0, green = 0, blue = 0;
                for (var tap = 0; tap < weights.Length && first + tap < image.Width; tap++)
                {
                    var pixel = from.Slice((first + tap) * 3, 3);
                    red += weights[tap] * pixel[0];
                    green += weights[tap] * pixel[1];
                    blue += weights[tap] * pixel[2];
                }
                (to[x], to[target.Width + x], to[2 * target.Width + x]) = (red * factor, green * factor, blue * factor);
            }
        }
        var sums = new float[stride];
        for (var y = 0; y < target.Height; y++)
        {
            var (first, weights) = rows[y];
            Array.Clear(sums);
            for (var tap = 0; tap < weights.Length && first + tap < image.Height; tap++)
                FloatRow.AddScaled(narrowed.AsSpan((first + tap) * stride, stride), weights[tap], sums);
            for (var colour = 0; colour < 3; colour++)
                sums.AsSpan(colour * target.Width, target.Width).CopyTo(planes[((colour * target.Height + y) * target.Width)..]);
        }
    }

    private static double[] Kernel(double deviation, double reach, bool roundsUp)
    {
        if (deviation == 0)
            return [1];
        var radius = (int)(roundsUp ? Math.Ceiling(reach * deviation) : reach * deviation + 0.5);
        var kernel = new double[2 * radius + 1];
        var sum = 0.0;
        for (var i = 0; i < kernel.Length; i++)
            sum += kernel[i] = Math.Exp(-0.5 * (i - radius) * (i - radius) / (deviation * deviation));
        for (var i = 0; i < kernel.Length; i++)
            kernel[i] /= sum;
        return kernel;
    }

    // Around the middle of the edge pixels, which are not repeated.
    private static int Mirror(int at, int length)
    {
        if (length == 1)
            return 0;
        var period = 2 * (length - 1);
        at = (at % period + period) % period;
        return at < length ? at : period - at;
    }
}
