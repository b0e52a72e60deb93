namespace Gpux.Runtime.Images.Resizing;

/// <summary>Picks the nearest pixel; where no axis changes, copies.</summary>
internal static unsafe class NearestResizer
{
    public static void Resize(Plane source, ImageSize target, Window window, ResizeArithmetic arithmetic, Plane rgb)
    {
        var columns = Indices(source.Size.Width, target.Width, window.Left, window.Width, arithmetic);
        var rows = Indices(source.Size.Height, target.Height, window.Top, window.Height, arithmetic);
        for (var y = 0; y < rows.Length; y++)
        {
            var from = source.Row(rows[y]);
            var to = rgb.Row(y);
            if (source.Size.Width == target.Width)
            {
                Buffer.MemoryCopy(from + window.Left * 3, to, window.Width * 3, window.Width * 3);
                continue;
            }
            foreach (var column in columns)
            {
                (to[0], to[1], to[2]) = (from[column * 3], from[column * 3 + 1], from[column * 3 + 2]);
                to += 3;
            }
        }
    }

    private static int[] Indices(int source, int target, int start, int count, ResizeArithmetic arithmetic)
    {
        var indices = new int[count];
        if (arithmetic == ResizeArithmetic.Pillow)
        {
            // Pillow adds up the steps, so that their rounding errors add up too.
            var step = source / (double)target;
            var position = step * 0.5;
            for (var i = 0; i < start + count; i++, position += step)
                if (i >= start)
                    indices[i - start] = Math.Min((int)position, source - 1);
        }
        else
        {
            // torch's "nearest-exact", in single precision.
            var scale = (float)source / target;
            for (var i = 0; i < count; i++)
                indices[i] = Math.Min((int)MathF.Floor(scale * (start + i + 0.5f) - 0.5f + 0.5f), source - 1);
        }
        return indices;
    }
}
