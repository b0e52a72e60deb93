using Gpux.Runtime.Images;
using Gpux.Runtime.Images.PostProcessing;

namespace Gpux.Runtime.Tests.Images.PostProcessing;

public sealed class ObjectDetectionsTests
{
    private static readonly Tensor Boxes = Tensor.Of<float>([0.5f, 0.5f, 0.2f, 0.4f, 0.1f, 0.2f, 0.4f, 0.1f], new Shape(1, 2, 4));
    private static readonly Tensor Logits = Tensor.Of<float>([4, 0, 0, 0, 0, 6], new Shape(1, 2, 3));

    [Fact]
    public void Query_of_the_last_class_is_nothing_for_detr()
    {
        var found = ObjectDetections.Read("DetrImageProcessor", Logits, Boxes, 0, new ImageSize(100, 50), new DetectionOptions());
        var one = Assert.Single(found);
        Assert.Equal(0, one.Label);
        Assert.Equal(Math.Exp(4) / (Math.Exp(4) + 2), one.Score, 1e-6);
        AssertBox(new Box(40, 15, 60, 35), one.Box);
    }

    [Fact]
    public void Boxes_may_reach_past_the_image()
    {
        var found = ObjectDetections.Read("OwlViTImageProcessor", Logits, Boxes, 0, new ImageSize(100, 50), new DetectionOptions { Threshold = 0.99f });
        AssertBox(new Box(-10, 7.5f, 30, 12.5f), Assert.Single(found).Box);
    }

    [Fact]
    public void Boxes_of_owlv2_are_shares_of_the_square() =>
        AssertBox(new Box(-10, 15, 30, 25), ObjectDetections.Read("Owlv2ImageProcessor", Logits, Boxes, 0, new ImageSize(100, 50), new DetectionOptions())[1].Box);

    [Fact]
    public void Pairs_of_deformable_detr_are_ranked_and_cut()
    {
        var found = ObjectDetections.Read("DeformableDetrImageProcessor", Logits, Boxes, 0, null, new DetectionOptions { Most = 2, Threshold = 0.4f });
        Assert.Equal([2, 0], found.Select(one => one.Label));
        Assert.True(found[0].Score > found[1].Score);
    }

    [Theory]
    [InlineData(2), InlineData(3)]
    public void Other_shapes_are_refused(int rank)
    {
        var boxes = rank == 2 ? Boxes.Reshape(2, 4) : Boxes.Reshape(1, 4, 2);
        Assert.Throws<UnfitOutputsException>(() => ObjectDetections.Read("DetrImageProcessor", Logits, boxes, 0, null, new DetectionOptions()));
    }

    [Fact]
    public void Processor_without_boxes_is_refused_by_name() => Assert.Equal("ViTImageProcessor", Assert.Throws<UnsupportedImageProcessorException>(
        () => ObjectDetections.Read("ViTImageProcessor", Logits, Boxes, 0, null, new DetectionOptions())).ProcessorType);

    private static void AssertBox(Box expected, Box actual)
    {
        Assert.Equal(expected.XMin, actual.XMin, 1e-4);
        Assert.Equal(expected.YMin, actual.YMin, 1e-4);
        Assert.Equal(expected.XMax, actual.XMax, 1e-4);
        Assert.Equal(expected.YMax, actual.YMax, 1e-4);
    }
}
