namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>SegFormer, BEiT, DPT, MobileViT, UPerNet: for each pixel the class of the greatest logit.</summary>
/// <remarks>Source: transformers 5.23, post_process_semantic_segmentation of these families.</remarks>
internal static class SemanticMaps
{
    /// <summary>Ids are the numbers of the classes; segments are those that occur, in order, without a score.</summary>
    /// <param name="target">Null: the size that the model gives.</param>
    public static SegmentMap Read(Planes logits, ImageSize? target, ImageLimits limits)
    {
        var size = target ?? logits.Size;
        var ids = logits.ArgMax(size, limits);
        var occurs = new bool[logits.Count];
        foreach (var id in ids)
            occurs[id] = true;
        var segments = new List<Segment>();
        for (var label = 0; label < occurs.Length; label++)
            if (occurs[label])
                segments.Add(new Segment(label, label, WasFused: false, double.NaN));
        return new SegmentMap(size, ids, segments);
    }
}
