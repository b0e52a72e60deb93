using Gpux.Runtime.Images;
using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Tests.Images.PostProcessing;

public sealed class ImageSegmentsTests
{
    // Two queries of two classes and nothing; the left half, and the right one.
    private static readonly Tensor Classes = Tensor.Of<float>([9, 0, 0, 0, 8, 0], new Shape(1, 2, 3));
    private static readonly Tensor Masks = Tensor.Of<float>([5, 5, -5, -5, 5, 5, -5, -5, -5, -5, 5, 5, -5, -5, 5, 5], new Shape(1, 2, 2, 4));

    [Fact]
    public void Classes_are_mapped_to_every_pixel()
    {
        var logits = Tensor.Of<float>([1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3, 3], new Shape(1, 3, 2, 2));
        var map = ImageSegments.Read("SegformerImageProcessor", SegmentKind.Semantic, logits, null, 0, null, new SegmentOptions());
        Assert.Equal([0, 1, 2, 2], map.Ids);
        Assert.Equal([0, 1, 2], map.Segments.Select(segment => segment.Label));
    }

    [Fact]
    public void Regions_of_panoptic_maps_count_from_one_and_cover_the_image()
    {
        var map = ImageSegments.Read("DetrImageProcessor", SegmentKind.Panoptic, Classes, Masks, 0, new ImageSize(8, 2), new SegmentOptions());
        Assert.Equal([1, 2], map.Segments.Select(segment => segment.Id));
        Assert.Equal([0, 1], map.Segments.Select(segment => segment.Label));
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2], map.Ids[..8]);
    }

    [Fact]
    public void Regions_of_fused_classes_share_a_number()
    {
        var same = Tensor.Of<float>([9, 0, 0, 8, 0, 0], new Shape(1, 2, 3));
        var options = new SegmentOptions { Fused = new HashSet<int> { 0 } };
        var map = ImageSegments.Read("MaskFormerImageProcessor", SegmentKind.Panoptic, same, Masks, 0, null, options);
        Assert.All(map.Segments, segment => Assert.Equal((1, true), (segment.Id, segment.WasFused)));
    }

    [Fact]
    public void Instances_count_from_zero_on_a_background_of_minus_one()
    {
        var options = new SegmentOptions { Threshold = 0.9f, WithMasks = true };
        var onlyLeft = Tensor.Of<float>([9, 0, 0, 0, 0, 9], new Shape(1, 2, 3));
        var map = ImageSegments.Read("MaskFormerImageProcessor", SegmentKind.Instance, onlyLeft, Masks, 0, null, options);
        Assert.Equal([0, 0, -1, -1, 0, 0, -1, -1], map.Ids);
        Assert.Equal([true, true, false, false, true, true, false, false], Assert.Single(map.Masks!)); // asked for
    }

    [Fact]
    public void Nothing_above_the_threshold_leaves_background() =>
        Assert.All(ImageSegments.Read("DetrImageProcessor", SegmentKind.Panoptic, Classes, Masks, 0, new ImageSize(3, 3), new SegmentOptions { Threshold = 1 }).Ids, id => Assert.Equal(-1, id));

    [Fact]
    public void Kind_that_a_family_does_not_tell_apart_is_refused() => Assert.Throws<UnsupportedImageProcessorException>(
        () => ImageSegments.Read("SegformerImageProcessor", SegmentKind.Panoptic, Classes, Masks, 0, null, new SegmentOptions()));

    [Fact]
    public void Masks_of_other_shapes_are_refused() => Assert.Throws<UnfitOutputsException>(
        () => ImageSegments.Read("DetrImageProcessor", SegmentKind.Panoptic, Classes, Masks.Reshape(1, 4, 2, 2), 0, null, new SegmentOptions()));

    [Fact]
    public void Map_beyond_the_limits_is_refused_before_it_is_allocated() => Assert.Throws<UnfitImagesException>(
        () => ImageSegments.Read("DetrImageProcessor", SegmentKind.Panoptic, Classes, Masks, 0, new ImageSize(90_000, 90_000), new SegmentOptions()));
}
