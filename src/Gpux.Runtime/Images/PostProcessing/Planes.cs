using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>Maps of floats of one size, one after the other.</summary>
/// <param name="Values">Count x height x width.</param>
internal readonly record struct Planes(ReadOnlyMemory<float> Values, int Count, ImageSize Size)
{
    private int Length => Size.Width * Size.Height;

    public ReadOnlySpan<float> this[int plane] => Values.Span.Slice(plane * Length, Length);

    /// <summary>One image's maps of a float tensor [batch, count, height, width], or [batch, height, width] for one map each.</summary>
    /// <exception cref="UnfitOutputsException">The tensor has another shape.</exception>
    public static Planes Of(Tensor tensor, int image)
    {
        var shape = tensor.Shape;
        if (shape.Rank is not (3 or 4) || shape[shape.Rank - 1] <= 0 || shape[shape.Rank - 2] <= 0)
            throw new UnfitOutputsException($"maps of the shape {shape}", "[batch, maps, height, width]");
        return new Planes(OutputRows.Of(tensor, image).ToArray(), shape.Rank == 4 ? (int)shape[1] : 1, new ImageSize((int)shape[shape.Rank - 1], (int)shape[shape.Rank - 2]));
    }

    /// <param name="row">Interpolated; valid during the call.</param>
    internal delegate void RowAction(int plane, int y, ReadOnlySpan<float> row);

    /// <summary>Goes through the maps at another size, map by map and row by row, so that no map of that size needs room: interpolated linearly, without
    /// antialiasing, from the middles of the pixels.</summary>
    /// <remarks>Source: torch 2.13, interpolate with mode bilinear and align_corners false.</remarks>
    public void ScanBilinear(ImageSize target, RowAction action)
    {
        var columns = LinearTap.Compute(Size.Width, target.Width);
        var rows = LinearTap.Compute(Size.Height, target.Height);
        var between = new float[Size.Width];
        var row = new float[target.Width];
        for (var plane = 0; plane < Count; plane++)
        {
            var from = this[plane];
            for (var y = 0; y < target.Height; y++)
            {
                if (target == Size)
                {
                    action(plane, y, from.Slice(y * Size.Width, Size.Width));
                    continue;
                }
                var (first, second, part) = rows[y];
                between.AsSpan().Clear();
                FloatRow.AddScaled(from.Slice(first * Size.Width, Size.Width), 1 - part, between);
                FloatRow.AddScaled(from.Slice(second * Size.Width, Size.Width), part, between);
                for (var x = 0; x < row.Length; x++)
                {
                    var tap = columns[x];
                    row[x] = (1 - tap.Part) * between[tap.First] + tap.Part * between[tap.Second];
                }
                action(plane, y, row);
            }
        }
    }

    /// <summary>The maps at another size, by <see cref="ScanBilinear"/>.</summary>
    public Planes Bilinear(ImageSize target, ImageLimits limits)
    {
        if (target == Size)
            return this;
        var values = Allocate(target, limits);
        ScanBilinear(target, (plane, y, row) => row.CopyTo(values.AsSpan((plane * target.Height + y) * target.Width)));
        return new Planes(values, Count, target);
    }

    /// <summary>For each pixel the map that is greatest there, of equals the first; of the maps at another size.</summary>
    public int[] ArgMax(ImageSize target, ImageLimits limits)
    {
        RequireRoom(target, limits);
        var best = new float[target.Width * target.Height];
        var places = new int[best.Length];
        ScanBilinear(target, (plane, y, row) =>
        {
            var bests = best.AsSpan(y * target.Width, target.Width);
            var owners = places.AsSpan(y * target.Width, target.Width);
            for (var x = 0; x < row.Length; x++)
                if (plane == 0 || row[x] > bests[x])
                    (bests[x], owners[x]) = (row[x], plane);
        });
        return places;
    }

    /// <summary>Interpolated by cubic curves (a = -0.75), without antialiasing; the edges go on.</summary>
    /// <remarks>Source: torch 2.13, interpolate with mode bicubic and align_corners false.</remarks>
    public Planes Bicubic(ImageSize target, ImageLimits limits)
    {
        if (target == Size)
            return this;
        var columns = CubicTaps.Compute(Size.Width, target.Width);
        var rows = CubicTaps.Compute(Size.Height, target.Height);
        var values = Allocate(target, limits);
        var between = new float[Size.Width];
        for (var plane = 0; plane < Count; plane++)
        {
            var from = this[plane];
            for (var y = 0; y < target.Height; y++)
            {
                between.AsSpan().Clear();
                for (var tap = 0; tap < 4; tap++)
                    FloatRow.AddScaled(from.Slice(rows[y].Place(tap, Size.Height) * Size.Width, Size.Width), rows[y].Weight(tap), between);
                var to = values.AsSpan((plane * target.Height + y) * target.Width, target.Width);
                for (var x = 0; x < to.Length; x++)
                {
                    var taps = columns[x];
                    to[x] = taps.W0 * between[taps.Place(0, Size.Width)] + taps.W1 * between[taps.Place(1, Size.Width)]
                        + taps.W2 * between[taps.Place(2, Size.Width)] + taps.W3 * between[taps.Place(3, Size.Width)];
                }
            }
        }
        return new Planes(values, Count, target);
    }

    /// <summary>Each pixel that of the source which its upper left corner falls into.</summary>
    /// <remarks>Source: torch 2.13, interpolate with mode nearest.</remarks>
    public static int[] NearestPlaces(int source, int target)
    {
        var places = new int[target];
        var scale = (float)source / target;
        for (var i = 0; i < target; i++)
            places[i] = Math.Min((int)(i * scale), source - 1);
        return places;
    }

    /// <summary>The upper left part.</summary>
    public Planes Cropped(ImageSize size)
    {
        size = new ImageSize(Math.Min(size.Width, Size.Width), Math.Min(size.Height, Size.Height));
        var values = new float[Count * size.Width * size.Height];
        for (var plane = 0; plane < Count; plane++)
            for (var y = 0; y < size.Height; y++)
                this[plane].Slice(y * Size.Width, size.Width).CopyTo(values.AsSpan((plane * size.Height + y) * size.Width));
        return new Planes(values, Count, size);
    }

    /// <exception cref="UnfitImagesException">A map of this size is beyond the limits.</exception>
    public static void RequireRoom(ImageSize target, ImageLimits limits)
    {
        if ((long)target.Width * target.Height > limits.MaxPixels)
            throw new UnfitImagesException($"A map of {target} is beyond the limit of {limits.MaxPixels} pixels.", "Use a smaller image.");
    }

    private float[] Allocate(ImageSize target, ImageLimits limits)
    {
        RequireRoom(target, limits);
        var elements = (long)Count * target.Width * target.Height;
        return elements * sizeof(float) <= Array.MaxLength ? new float[elements]
            : throw new UnfitImagesException($"{Count} maps of {target} take more than 2 GiB.", "Use a smaller image.");
    }

    /// <param name="Part">The weight of the second.</param>
    private readonly record struct LinearTap(int First, int Second, float Part)
    {
        public static LinearTap[] Compute(int source, int target)
        {
            var taps = new LinearTap[target];
            var scale = (float)source / target;
            for (var i = 0; i < target; i++)
            {
                var at = Math.Max(0, scale * (i + 0.5f) - 0.5f);
                var first = Math.Min((int)at, source - 1);
                taps[i] = new LinearTap(first, Math.Min(first + 1, source - 1), Math.Clamp(at - first, 0, 1));
            }
            return taps;
        }
    }

    private readonly record struct CubicTaps(int First, float W0, float W1, float W2, float W3)
    {
        public int Place(int tap, int length) => Math.Clamp(First + tap, 0, length - 1);

        public float Weight(int tap) => tap switch { 0 => W0, 1 => W1, 2 => W2, _ => W3 };

        public static CubicTaps[] Compute(int source, int target)
        {
            var taps = new CubicTaps[target];
            var scale = (float)source / target;
            for (var i = 0; i < target; i++)
            {
                var at = scale * (i + 0.5f) - 0.5f;
                var floor = MathF.Floor(at);
                var part = at - floor;
                taps[i] = new CubicTaps((int)floor - 1, Far(part + 1), Near(part), Near(1 - part), Far(2 - part));
            }
            return taps;
        }

        private const float A = -0.75f;
        private static float Near(float x) => ((A + 2) * x - (A + 3)) * x * x + 1;
        private static float Far(float x) => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;
    }
}
