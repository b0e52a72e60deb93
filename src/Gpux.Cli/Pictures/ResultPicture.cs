using System.Globalization;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Pictures;

/// <summary>Draws an answer over the image that was asked about.</summary>
internal sealed class ResultPicture
{
    // Smaller images are drawn larger, so that there is room for letters.
    private const int LeastSide = 512;
    private const int SideOfLetter = 256; // the longer side in pixels for each pixel of a dot
    private const int LargestLetters = 12;
    private readonly Canvas _canvas;
    private readonly int _scale;
    private readonly int _letter;

    private ResultPicture(Image image)
    {
        var longest = Math.Max(image.Width, image.Height);
        _scale = Math.Clamp((LeastSide + longest - 1) / longest, 1, LeastSide);
        _canvas = Canvas.Of(image, _scale);
        _letter = Math.Clamp(longest * _scale / SideOfLetter, 1, LargestLetters);
    }

    /// <summary>Whether the answers of a task can be drawn.</summary>
    public static bool Has(string task) => task is "object-detection" or "zero-shot-object-detection" or "image-segmentation" or "depth-estimation";

    /// <returns>Null if the answer is none that is drawn.</returns>
    public static Image? Draw(Image image, PipelineResult answer)
    {
        var picture = new ResultPicture(image);
        switch (answer)
        {
            case DetectedObjects objects: picture.Draw(objects); break;
            case ImageRegions regions: picture.Draw(regions); break;
            case DepthMap depth: picture.Draw(depth); break;
            default: return null;
        }
        return picture._canvas.ToImage();
    }

    private void Draw(DetectedObjects objects)
    {
        var classes = Numbers(objects.Objects.Select(found => found.Label));
        // The surest lies on top.
        foreach (var found in objects.Objects.OrderBy(found => found.Score))
            DrawBox(found, Colour.OfClass(classes[found.Label]));
        // Names lie over all boxes and beside each other; the surest has the first choice of a place.
        var taken = new List<(int Left, int Top, int Right, int Bottom)>();
        foreach (var found in objects.Objects.OrderByDescending(found => found.Score))
            DrawName(found, Colour.OfClass(classes[found.Label]), taken);
    }

    private void DrawBox(DetectedObject found, Colour colour)
    {
        var line = Math.Max(2, _letter + 1);
        var (left, top) = (Scaled(found.XMin, _canvas.Size.Width), Scaled(found.YMin, _canvas.Size.Height));
        var (right, bottom) = (Scaled(found.XMax, _canvas.Size.Width), Scaled(found.YMax, _canvas.Size.Height));
        var (width, height) = (Math.Max(right - left, line), Math.Max(bottom - top, line));
        // A dark edge outside and inside keeps the line visible on any ground.
        _canvas.Frame(left - 1, top - 1, width + 2, height + 2, line + 2, Colour.Black);
        _canvas.Frame(left, top, width, height, line, colour);
    }

    private void DrawName(DetectedObject found, Colour colour, List<(int Left, int Top, int Right, int Bottom)> taken)
    {
        var text = $"{found.Label} {Percent(found.Score)}";
        var (width, height) = (Canvas.TextWidth(text, _letter) + 2 * _letter, (BitmapFont.Height + 2) * _letter);
        var (left, top) = (Scaled(found.XMin, _canvas.Size.Width), Scaled(found.YMin, _canvas.Size.Height));
        // Above the box where there is room, else inside it; never outside of the picture.
        left = Math.Clamp(left, 0, Math.Max(0, _canvas.Size.Width - width));
        top = top - height >= 0 ? top - height : Math.Max(0, top);
        while (taken.Exists(other => left < other.Right && left + width > other.Left && top < other.Bottom && top + height > other.Top))
        {
            top += height;
            if (top + height > _canvas.Size.Height)
                return; // no room is left: the table names it
        }
        taken.Add((left, top, left + width, top + height));
        _canvas.Fill(left, top, width, height, colour);
        _canvas.Write(text, left + _letter, top + _letter, _letter, colour.Ink);
    }

    private void Draw(ImageRegions regions)
    {
        const float Inside = 0.5f;
        var (entries, colours) = (new List<(string, Colour)>(), new Dictionary<int, Colour>());
        foreach (var (score, label, id) in regions.Regions)
        {
            // Fused regions share an id.
            if (!colours.TryAdd(id, Colour.OfClass(colours.Count)))
                continue;
            entries.Add((score is { } known ? $"{label} {Percent((float)known)}" : label, colours[id]));
        }
        for (var y = 0; y < _canvas.Size.Height; y++)
            for (var x = 0; x < _canvas.Size.Width; x++)
                if (colours.TryGetValue(regions.Map[y / _scale * regions.Size.Width + x / _scale], out var colour))
                    _canvas.Blend(x, y, colour, IsEdge(regions, x / _scale, y / _scale) ? 1 : Inside);
        DrawLegend(entries);
    }

    private void Draw(DepthMap depth)
    {
        var relative = depth.Relative();
        for (var y = 0; y < _canvas.Size.Height; y++)
            for (var x = 0; x < _canvas.Size.Width; x++)
                _canvas.Blend(x, y, Colour.OfValue(relative(y / _scale * depth.Size.Width + x / _scale)), opacity: 1);
        var (least, greatest) = (float.PositiveInfinity, float.NegativeInfinity);
        foreach (var value in depth.Depth.AsSpan<float>())
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        const int Steps = 5;
        var entries = new List<(string, Colour)>(Steps);
        for (var i = Steps - 1; i >= 0; i--)
        {
            var part = i / (float)(Steps - 1);
            entries.Add(((least + part * (greatest - least)).ToString("G3", CultureInfo.InvariantCulture), Colour.OfValue(part)));
        }
        DrawLegend(entries);
    }

    /// <summary>Names beside their colours, in the lower left; those for which there is no room are counted.</summary>
    private void DrawLegend(List<(string Text, Colour Colour)> entries)
    {
        var line = (BitmapFont.Height + 3) * _letter;
        var room = Math.Max(1, (_canvas.Size.Height - 2 * _letter) / line);
        if (entries.Count > room)
            entries = [.. entries.Take(room - 1), ($"and {entries.Count - room + 1} more", Colour.White)];
        if (entries.Count == 0)
            return;
        var swatch = BitmapFont.Height * _letter;
        var width = entries.Max(entry => Canvas.TextWidth(entry.Text, _letter)) + swatch + 5 * _letter;
        var height = entries.Count * line + _letter;
        var top = _canvas.Size.Height - height;
        _canvas.Fill(0, top, width, height, Colour.Black, opacity: 0.7f);
        for (var i = 0; i < entries.Count; i++)
        {
            var at = top + 2 * _letter + i * line;
            _canvas.Fill(2 * _letter, at, swatch, swatch, entries[i].Colour);
            _canvas.Write(entries[i].Text, swatch + 4 * _letter, at, _letter, Colour.White);
        }
    }

    private int Scaled(int at, int length) => (int)Math.Clamp((long)at * _scale, -LargestLetters, length + LargestLetters);

    private static Dictionary<string, int> Numbers(IEnumerable<string> labels)
    {
        var numbers = new Dictionary<string, int>();
        foreach (var label in labels)
            numbers.TryAdd(label, numbers.Count);
        return numbers;
    }

    private static bool IsEdge(ImageRegions regions, int x, int y)
    {
        var (map, width, height) = (regions.Map, regions.Size.Width, regions.Size.Height);
        var at = y * width + x;
        return (x > 0 && map[at - 1] != map[at]) || (x < width - 1 && map[at + 1] != map[at])
            || (y > 0 && map[at - width] != map[at]) || (y < height - 1 && map[at + width] != map[at]);
    }

    // What is not certain is not shown as 100 %.
    private static string Percent(float score) =>
        Math.Min((int)MathF.Round(score * 100), score < 1 ? 99 : 100).ToString(CultureInfo.InvariantCulture) + "%";
}
