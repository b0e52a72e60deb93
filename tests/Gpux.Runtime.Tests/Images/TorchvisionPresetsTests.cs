using Gpux.Runtime.Images;

namespace Gpux.Runtime.Tests.Images;

public sealed class TorchvisionPresetsTests
{
    [Theory]
    [InlineData("resnet18-f37072fd.pth", 224), InlineData("efficientnet_b1_rwightman-bac287d4.pth", 240), InlineData("efficientnet_b5_lukemelas-1a07897c.pth", 456)]
    [InlineData("inception_v3_google-0cc3c7bd.pth", 299), InlineData("vit_l_16_swag-4f3808c9.pth", 512), InlineData("vit_l_16-852ce7e3.pth", 224)]
    [InlineData("anything.pth", 224)]
    public void Images_are_cropped_as_the_weights_want_it(string file, int side)
    {
        var processed = Load(file).Process([Image.FromPixels(700, 600, new byte[700 * 600 * 3])]);
        Assert.Equal(new Shape(1, 3, side, side), processed.Tensors["pixel_values"].Shape);
    }

    [Fact]
    public void Colours_are_normalised_as_the_weights_want_it()
    {
        // Of a black image every element is -mean / deviation.
        var black = Image.FromPixels(600, 600, new byte[600 * 600 * 3]);
        Assert.All(Load("efficientnet_v2_l-59c71312.pth").Process([black]).Tensors["pixel_values"].AsSpan<float>().ToArray(), value => Assert.Equal(-1f, value, 1e-6f));
        Assert.Equal(-0.485f / 0.229f, Load("resnet50-11ad3fa6.pth").Process([black]).Tensors["pixel_values"].AsSpan<float>()[0], 1e-6f);
    }

    [Fact]
    public void Images_to_be_segmented_keep_their_ratio()
    {
        var processed = Load("deeplabv3_resnet50_coco-cd0a2569.pth").Process([Image.FromPixels(1040, 600, new byte[1040 * 600 * 3])]);
        Assert.Equal(new Shape(1, 3, 520, 901), processed.Tensors["pixel_values"].Shape);
    }

    private static ImageProcessor Load(string file) => ImageProcessor.Load(new ModelFiles(new Dictionary<string, string> { [file] = file }, "test"));
}
