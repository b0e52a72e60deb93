using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>What torchvision does to images for the weights that it publishes: these say nothing of it themselves, but their files' names are
/// known.</summary>
/// <remarks>Source: torchvision 0.20, transforms/_presets.py, and the weights' "transforms". An image file is resized with Pillow there.</remarks>
internal static class TorchvisionPresets
{
    public const string Type = "torchvision";

    // The shorter side of images whose every pixel is classified.
    private const int SegmentedSide = 520;

    /// <param name="Resize">What the shorter side becomes, of which the middle is kept: <paramref name="Crop"/> x <paramref name="Crop"/>.</param>
    /// <param name="Files">What the files' names begin with, between spaces. The longest that fits counts.</param>
    private sealed record Preset(int Resize, int Crop, ResampleFilter Filter, string Files);

    private static readonly Preset Usual = new(256, 224, ResampleFilter.Bilinear, "");

    private static readonly Preset[] Presets =
    [
        new(224, 224, ResampleFilter.Bicubic, """
            regnet_y_128gf_lc_swag-cbe8ce12 regnet_y_16gf_lc_swag-f3ec0043 regnet_y_32gf_lc_swag-e1583746 vit_b_16_lc_swag-4e70ced5
            vit_h_14_lc_swag-c1eb923e vit_l_16_lc_swag-4d563306
            """),
        new(230, 224, ResampleFilter.Bilinear, "convnext_small"),
        new(232, 224, ResampleFilter.Bilinear, """
            convnext_base convnext_large mnasnet0_75-7090bc5f mnasnet1_3-a4c69d6f mobilenet_v2-7ebf99e0 mobilenet_v3_large-5c1a4163
            regnet_x_16gf-ba3796d7 regnet_x_1_6gf-a12f2b72 regnet_x_32gf-6eb8fdc6 regnet_x_3_2gf-7071aa85 regnet_x_400mf-62229a5f
            regnet_x_800mf-94a99ebd regnet_x_8gf-2b70d774 regnet_y_16gf-3e4a00f9 regnet_y_1_6gf-0d7bc02a regnet_y_32gf-8db6d4b5
            regnet_y_3_2gf-9180c971 regnet_y_400mf-e6988f5f regnet_y_800mf-58fc7688 regnet_y_8gf-dc2b1b54 resnet101-cd907fc2
            resnet152-f82ba261 resnet50-11ad3fa6 resnext101_32x8d-110c445d resnext101_64x4d-173b62eb resnext50_32x4d-1a0047aa
            shufflenetv2_x1_5-3c479a10 shufflenetv2_x2_0-8be3c8ee wide_resnet101_2-d733dc28 wide_resnet50_2-9ba9bcbe
            """),
        new(232, 224, ResampleFilter.Bicubic, "swin_t"),
        new(236, 224, ResampleFilter.Bilinear, "convnext_tiny"),
        new(238, 224, ResampleFilter.Bicubic, "swin_b"),
        new(242, 224, ResampleFilter.Bilinear, "vit_l_16"),
        new(246, 224, ResampleFilter.Bicubic, "swin_s"),
        new(256, 224, ResampleFilter.Bicubic, "efficientnet_b0"),
        new(255, 240, ResampleFilter.Bilinear, "efficientnet_b1-c27df63c"),
        new(256, 240, ResampleFilter.Bicubic, "efficientnet_b1"),
        new(260, 256, ResampleFilter.Bicubic, "swin_v2_s swin_v2_t"),
        new(272, 256, ResampleFilter.Bicubic, "swin_v2_b"),
        new(288, 288, ResampleFilter.Bicubic, "efficientnet_b2"),
        new(342, 299, ResampleFilter.Bilinear, "inception_v3"),
        new(320, 300, ResampleFilter.Bicubic, "efficientnet_b3"),
        new(384, 380, ResampleFilter.Bicubic, "efficientnet_b4"),
        new(384, 384, ResampleFilter.Bilinear, "efficientnet_v2_s"),
        new(384, 384, ResampleFilter.Bicubic, "regnet_y_128gf_swag-c8ce3e52 regnet_y_16gf_swag-43afe44d regnet_y_32gf_swag-04fdfa75 vit_b_16_swag-9ac1b537"),
        new(456, 456, ResampleFilter.Bicubic, "efficientnet_b5"),
        new(480, 480, ResampleFilter.Bicubic, "efficientnet_v2_l"),
        new(480, 480, ResampleFilter.Bilinear, "efficientnet_v2_m"),
        new(512, 512, ResampleFilter.Bicubic, "vit_l_16_swag-4f3808c9"),
        new(518, 518, ResampleFilter.Bicubic, "vit_h_14_swag-80465313"),
        new(528, 528, ResampleFilter.Bicubic, "efficientnet_b6"),
        new(600, 600, ResampleFilter.Bicubic, "efficientnet_b7"),
    ];

    /// <summary>The processor of a state dict by the name of its file.</summary>
    public static ImageProcessor Load(string file)
    {
        // One model is trained on colours from -1 to 1.
        var normalization = file.StartsWith("efficientnet_v2_l", StringComparison.Ordinal) ? new Normalization([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]) : StandardProcessor.ImageNet;
        var (preset, isSegmented) = (Find(file), IsSegmented(file));
        return new ImageProcessor(Type, new ProcessorSteps
        {
            Plan = image => isSegmented ? ResizePlan.Whole(ResizeRules.ShortestEdge(image, SegmentedSide))
                : TimmImageProcessor.Crop(ResizeRules.ShortestEdge(image, preset.Resize), new ImageSize(preset.Crop, preset.Crop)),
            Filter = isSegmented ? ResampleFilter.Bilinear : preset.Filter,
            Arithmetic = ResizeArithmetic.Pillow,
            Scale = new PixelScale((level, colour) => (level / 255f - (float)normalization.Mean[colour]) / (float)normalization.Std[colour]),
        });
    }

    private static bool IsSegmented(string file) => file.StartsWith("fcn_", StringComparison.Ordinal)
        || file.StartsWith("deeplabv3_", StringComparison.Ordinal) || file.StartsWith("lraspp_", StringComparison.Ordinal);

    private static Preset Find(string file)
    {
        var (found, length) = (Usual, 0);
        foreach (var preset in Presets)
        {
            foreach (var range in preset.Files.AsSpan().SplitAny(' ', '\n'))
            {
                var name = preset.Files.AsSpan(range);
                if (name.Length > length && file.AsSpan().StartsWith(name))
                    (found, length) = (preset, name.Length);
            }
        }
        return found;
    }
}
