namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>A point of a body.</summary>
/// <param name="Label">Its number among the model's points.</param>
/// <param name="Score">How high the model's map is there.</param>
public readonly record struct Keypoint(int Label, float X, float Y, float Score);

/// <summary>The points of one body.</summary>
/// <param name="Box">As the original gives it, which takes the centre of the body's box for its corner and its extent in units of 200 pixels for
/// its extent. The box that the body was cut out by is the caller's own.</param>
public sealed record Pose(IReadOnlyList<Keypoint> Points, Box Box);

/// <summary>ViTPose: the peak of each point's map, refined below the pixel, in the image.</summary>
/// <remarks>Source: transformers 5.23, VitPoseImageProcessor.post_process_pose_estimation; Zhang et al. 2020, arXiv:1910.06278 (refinement), and
/// Huang et al. 2020, arXiv:1911.07524 (places). The blur is SciPy's gaussian_filter with a deviation of 0.8 and a radius of (kernel - 1) / 2.</remarks>
public static class PoseKeypoints
{
    private const double BlurDeviation = 0.8;
    private const double BodyMargin = 1.25;
    private const double PixelUnit = 200;

    /// <param name="heatmaps">float [bodies, points, height, width].</param>
    /// <param name="body">Which of the bodies.</param>
    /// <param name="box">The box that the body was cut out by: left, top, width and height in pixels.</param>
    /// <param name="input">The size of the model's input.</param>
    /// <param name="threshold">Points whose score is not above it are left out; null: none are.</param>
    /// <param name="kernel">The width of the blur, odd.</param>
    /// <exception cref="UnfitOutputsException">The tensor has another shape.</exception>
    public static Pose Read(Tensor heatmaps, int body, (float Left, float Top, float Width, float Height) box, ImageSize input, float? threshold = null, int kernel = 11)
    {
        if (heatmaps.Shape.Rank != 4)
            throw new UnfitOutputsException($"heat maps of the shape {heatmaps.Shape}", "[bodies, points, height, width]");
        var maps = Planes.Of(heatmaps, body);
        var (centreX, centreY) = (box.Left + box.Width * 0.5f, box.Top + box.Height * 0.5f);
        var ratio = (double)input.Width / input.Height;
        double width = box.Width, height = box.Height;
        if (width > ratio * height)
            height = width / ratio;
        else if (width < ratio * height)
            width = height * ratio;
        (width, height) = (width * BodyMargin, height * BodyMargin);
        var points = new List<Keypoint>();
        for (var point = 0; point < maps.Count; point++)
        {
            var (score, place) = OutputRows.Max(maps[point]);
            var (x, y) = score > 0 ? ((double)(place % maps.Size.Width), place / maps.Size.Width) : (-1.0, -1.0);
            (x, y) = Refined(Blurred(maps[point], maps.Size, kernel / 2), maps.Size, x, y);
            if (threshold is { } least && !(score > least))
                continue;
            points.Add(new Keypoint(point, (float)(x * (width / (maps.Size.Width - 1.0)) + centreX - width * 0.5),
                (float)(y * (height / (maps.Size.Height - 1.0)) + centreY - height * 0.5), score));
        }
        return new Pose(points, new Box(centreX, centreY, (float)(centreX + width / PixelUnit - 1), (float)(centreY + height / PixelUnit - 1)));
    }

    /// <summary>One step of Newton's method to the peak of the logarithm, which is a parabola where the map is a Gaussian.</summary>
    private static (double X, double Y) Refined(double[] map, ImageSize size, double x, double y)
    {
        double At(int dx, int dy) => Math.Log(Math.Clamp(
            map[Math.Clamp((int)y + dy, 0, size.Height - 1) * size.Width + Math.Clamp((int)x + dx, 0, size.Width - 1)], 0.001, 50));
        var centre = At(0, 0);
        var (dX, dY) = (0.5 * (At(1, 0) - At(-1, 0)), 0.5 * (At(0, 1) - At(0, -1)));
        var xx = At(1, 0) - 2 * centre + At(-1, 0) + FloatEpsilon;
        var yy = At(0, 1) - 2 * centre + At(0, -1) + FloatEpsilon;
        var xy = 0.5 * (At(1, 1) - At(1, 0) - At(0, 1) + 2 * centre - At(-1, 0) - At(0, -1) + At(-1, -1));
        var determinant = xx * yy - xy * xy;
        return (x - (yy * dX - xy * dY) / determinant, y - (xx * dY - xy * dX) / determinant);
    }

    private const double FloatEpsilon = 1.1920929e-07; // of single precision, as the original adds it

    private static double[] Blurred(ReadOnlySpan<float> map, ImageSize size, int radius)
    {
        var weights = new double[2 * radius + 1];
        var sum = 0.0;
        for (var i = 0; i < weights.Length; i++)
            sum += weights[i] = Math.Exp(-0.5 * (i - radius) * (i - radius) / (BlurDeviation * BlurDeviation));
        var (rows, both) = (new double[map.Length], new double[map.Length]);
        for (var y = 0; y < size.Height; y++)
            for (var x = 0; x < size.Width; x++)
                for (var i = 0; i < weights.Length; i++)
                    rows[y * size.Width + x] += weights[i] / sum * map[Inside(y + i - radius, size.Height) * size.Width + x];
        for (var y = 0; y < size.Height; y++)
            for (var x = 0; x < size.Width; x++)
                for (var i = 0; i < weights.Length; i++)
                    both[y * size.Width + x] += weights[i] / sum * rows[y * size.Width + Inside(x + i - radius, size.Width)];
        return both;
    }

    // Mirrored at the edge, which is repeated.
    private static int Inside(int at, int length)
    {
        at = (at % (2 * length) + 2 * length) % (2 * length);
        return at < length ? at : 2 * length - 1 - at;
    }
}
