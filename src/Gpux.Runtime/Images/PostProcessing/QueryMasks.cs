using System.Runtime.InteropServices;
using Gpux.Runtime.Pipelines;

namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>One image's part of what a model with a mask for each query computed: DETR, MaskFormer, Mask2Former, OneFormer.</summary>
/// <remarks>The last class stands for nothing. Source: transformers 5.23, the processors of these families.</remarks>
internal sealed class QueryMasks
{
    private readonly float[] _classes;
    private readonly int _count;

    private QueryMasks(float[] classes, int count, Planes masks)
    {
        _classes = classes;
        _count = count;
        Masks = masks;
    }

    /// <summary>Logits of the masks.</summary>
    public Planes Masks { get; }

    private int Queries => Masks.Count;

    /// <param name="logits">[batch, queries, classes].</param>
    /// <param name="masks">[batch, queries, height, width].</param>
    /// <exception cref="UnfitOutputsException">Of other shapes.</exception>
    public static QueryMasks Of(Tensor logits, Tensor masks, int image)
    {
        if (logits.Shape.Rank != 3 || masks.Shape.Rank != 4 || logits.Shape[0] != masks.Shape[0] || logits.Shape[1] != masks.Shape[1]
            || logits.Shape[2] < 2)
            throw new UnfitOutputsException($"classes {logits.Shape} and masks {masks.Shape}", "[batch, queries, classes] and [batch, queries, height, width]");
        var count = (int)logits.Shape[2];
        var classes = OutputRows.Of(logits, image).ToArray();
        for (var query = 0; query < logits.Shape[1]; query++)
            Scores.Softmax(classes.AsSpan(query * count, count));
        return new QueryMasks(classes, count, Planes.Of(masks, image));
    }

    public QueryMasks Resized(ImageSize size, ImageLimits limits) => new(_classes, _count, Masks.Bilinear(size, limits));

    /// <summary>For each pixel the class that most, weighted by the masks, speaks for.</summary>
    public SegmentMap Semantic(ImageSize? target, ImageLimits limits)
    {
        var length = Masks.Size.Width * Masks.Size.Height;
        var classes = new float[(_count - 1) * length];
        var mask = new float[length];
        for (var query = 0; query < Queries; query++)
        {
            Masks[query].CopyTo(mask);
            Scores.Sigmoid(mask);
            for (var label = 0; label < _count - 1; label++)
            {
                var weight = _classes[query * _count + label];
                var sums = classes.AsSpan(label * length, length);
                for (var i = 0; i < length; i++)
                    sums[i] += weight * mask[i];
            }
        }
        return SemanticMaps.Read(new Planes(classes, _count - 1, Masks.Size), target, limits);
    }

    /// <summary>Every pixel to one region; numbered from 1.</summary>
    public SegmentMap Panoptic(ImageSize? target, SegmentOptions options, ImageLimits limits)
    {
        var kept = new List<(int Query, int Label, float Score)>();
        for (var query = 0; query < Queries; query++)
        {
            var (score, label) = OutputRows.Max(_classes.AsSpan(query * _count, _count));
            if (label != _count - 1 && score > options.Threshold)
                kept.Add((query, label, score));
        }
        var size = target ?? Masks.Size;
        Planes.RequireRoom(size, limits);
        if (kept.Count == 0)
            return Background(size);
        var probabilities = Chosen(kept);
        Scores.Sigmoid(MemoryMarshal.AsMemory(probabilities.Values).Span); // a copy of ours
        return Divide(kept, probabilities, size, options);
    }

    /// <summary>OneFormer: every pixel to one of the best pairs of query and class, by the logits of their masks; numbered from 1.</summary>
    public SegmentMap Pairs(ImageSize? target, SegmentOptions options, ImageLimits limits)
    {
        var size = target ?? Masks.Size;
        Planes.RequireRoom(size, limits);
        var pairs = PairScores();
        var kept = new List<(int Query, int Label, float Score)>();
        foreach (var pair in UnsortedTop.Places(pairs, Queries))
            if (pairs[pair] > options.Threshold)
                kept.Add((pair / (_count - 1), pair % (_count - 1), pairs[pair]));
        return kept.Count == 0 ? Background(size) : Divide(kept, Chosen(kept), size, options with { Fused = new HashSet<int>() });
    }

    /// <summary>The best pairs of query and class, each a region; numbered from 0, where the later ones hide the earlier.</summary>
    public SegmentMap Instances(ImageSize? target, SegmentOptions options, ImageLimits limits)
    {
        var size = target ?? Masks.Size;
        Planes.RequireRoom(size, limits);
        var (columns, rows) = (Planes.NearestPlaces(Masks.Size.Width, size.Width), Planes.NearestPlaces(Masks.Size.Height, size.Height));
        var pairs = PairScores();
        var ids = new int[size.Width * size.Height];
        Array.Fill(ids, -1);
        var segments = new List<Segment>();
        var masks = options.WithMasks ? new List<bool[]>() : null;
        foreach (var pair in UnsortedTop.Places(pairs, Queries))
        {
            var (query, label) = (pair / (_count - 1), pair % (_count - 1));
            var score = pairs[pair] * MeanInside(Masks[query]);
            var covered = score >= options.Threshold ? Covered(Masks[query], Masks.Size.Width, columns, rows) : null;
            if (covered is null)
                continue;
            for (var i = 0; i < ids.Length; i++)
                if (covered[i])
                    ids[i] = segments.Count;
            segments.Add(new Segment(segments.Count, label, WasFused: false, Rounded(score)));
            masks?.Add(covered);
        }
        return new SegmentMap(size, ids, segments, masks);
    }

    private static SegmentMap Background(ImageSize size)
    {
        var background = new int[size.Width * size.Height];
        Array.Fill(background, -1);
        return new SegmentMap(size, background, []);
    }

    // Of every query the probabilities of all classes but the last.
    private float[] PairScores()
    {
        var pairs = new float[Queries * (_count - 1)];
        for (var query = 0; query < Queries; query++)
            _classes.AsSpan(query * _count, _count - 1).CopyTo(pairs.AsSpan(query * (_count - 1)));
        return pairs;
    }

    private Planes Chosen(List<(int Query, int Label, float Score)> kept)
    {
        var length = Masks.Size.Width * Masks.Size.Height;
        var values = new float[kept.Count * length];
        for (var i = 0; i < kept.Count; i++)
            Masks[kept[i].Query].CopyTo(values.AsSpan(i * length));
        return new Planes(values, kept.Count, Masks.Size);
    }

    private static SegmentMap Divide(List<(int Query, int Label, float Score)> kept, Planes masks, ImageSize size, SegmentOptions options)
    {
        var (best, owners, wholes) = (new float[size.Width * size.Height], new int[size.Width * size.Height], new int[kept.Count]);
        masks.ScanBilinear(size, (k, y, row) =>
        {
            var bests = best.AsSpan(y * size.Width, size.Width);
            var places = owners.AsSpan(y * size.Width, size.Width);
            var score = kept[k].Score;
            for (var x = 0; x < row.Length; x++)
            {
                var value = row[x] * score;
                wholes[k] += value >= options.MaskThreshold ? 1 : 0;
                if (k == 0 || value > bests[x])
                    (bests[x], places[x]) = (value, k);
            }
        });
        var areas = new int[kept.Count];
        foreach (var owner in owners)
            areas[owner]++;
        var segments = new List<Segment>();
        var (fused, idOf, last) = (new Dictionary<int, int>(), new int[kept.Count], 0);
        for (var k = 0; k < kept.Count; k++)
        {
            if (areas[k] == 0 || wholes[k] == 0 || !((float)areas[k] / wholes[k] > options.OverlapThreshold))
                continue;
            var (_, label, score) = kept[k];
            var fuses = options.Fused.Contains(label);
            // As in the original, what comes after a fused region is numbered on from that one's number.
            last = fused.TryGetValue(label, out var known) ? known : last + 1;
            idOf[k] = last;
            segments.Add(new Segment(last, label, fuses, Rounded(score)));
            if (fuses)
                fused[label] = last;
        }
        for (var i = 0; i < owners.Length; i++)
            owners[i] = idOf[owners[i]];
        return new SegmentMap(size, owners, segments);
    }

    private static float MeanInside(ReadOnlySpan<float> mask)
    {
        double sum = 0;
        var count = 0;
        foreach (var logit in mask)
        {
            if (logit <= 0)
                continue;
            sum += 1 / (1 + MathF.Exp(-logit));
            count++;
        }
        return (float)(sum / (count + 1e-6));
    }

    // Null where it covers nothing.
    private static bool[]? Covered(ReadOnlySpan<float> mask, int maskWidth, int[] columns, int[] rows)
    {
        var covered = new bool[columns.Length * rows.Length];
        var any = false;
        for (var y = 0; y < rows.Length; y++)
        {
            var row = mask.Slice(rows[y] * maskWidth, maskWidth);
            for (var x = 0; x < columns.Length; x++)
                any |= covered[y * columns.Length + x] = row[columns[x]] > 0;
        }
        return any ? covered : null;
    }

    private static double Rounded(float score) => Math.Round((double)score, 6, MidpointRounding.ToEven);
}
