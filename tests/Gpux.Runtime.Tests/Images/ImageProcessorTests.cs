using Gpux.Runtime.Images;

namespace Gpux.Runtime.Tests.Images;

public sealed class ImageProcessorTests
{
    private const string Vit = """{"image_processor_type": "ViTImageProcessor", "size": {"height": 8, "width": 8}}""";

    [Theory]
    [InlineData("ViTImageProcessor"), InlineData("ViTImageProcessorFast"), InlineData("ViTImageProcessorPil"), InlineData("ViTFeatureExtractor")]
    public void Names_of_all_ages_are_one_processor(string name) =>
        Assert.Equal("ViTImageProcessor", Load($$"""{"image_processor_type": "{{name}}"}""").Type);

    [Fact]
    public void Processor_of_images_may_be_nested_in_that_of_all_inputs()
    {
        using var repository = new MadeRepository(("processor_config.json", $$"""{"processor_class": "CLIPProcessor", "image_processor": {{Vit}}}"""),
            ("preprocessor_config.json", """{"image_processor_type": "SamImageProcessor"}"""));
        Assert.Equal("ViTImageProcessor", ImageProcessor.Load(repository.File).Type);
    }

    [Fact]
    public void Type_of_model_decides_where_file_names_no_processor()
    {
        using var repository = new MadeRepository(("preprocessor_config.json", """{"size": 8}"""), ("config.json", """{"model_type": "resnet"}"""));
        Assert.Equal("ConvNextImageProcessor", ImageProcessor.Load(repository.File).Type);
    }

    [Fact]
    public void Processor_that_is_not_there_is_refused_by_name()
    {
        var error = Assert.Throws<UnsupportedImageProcessorException>(() => Load("""{"image_processor_type": "XyzImageProcessorFast"}"""));
        Assert.Equal("XyzImageProcessor", error.ProcessorType);
        Assert.StartsWith("unsupported: image processor XyzImageProcessor", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repository_without_processor_file_is_refused()
    {
        using var repository = new MadeRepository();
        Assert.Throws<InvalidImageProcessorException>(() => ImageProcessor.Load(repository.File));
    }

    [Theory]
    [InlineData("[]"), InlineData("{"), InlineData("""{"size": 8}"""), InlineData("""{"image_processor_type": 7}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": "large"}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": {"depth": 8}}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": -8}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": 1e9}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "resample": 6}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "image_mean": [1, 2]}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "image_std": [1, 0, 1]}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "rescale_factor": 0}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "do_resize": "yes"}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "do_center_crop": true}""")]
    [InlineData("""{"image_processor_type": "ConvNextImageProcessor", "crop_pct": 0}""")]
    [InlineData("""{"image_processor_type": "ConvNextImageProcessor", "size": {"height": 8, "width": 8}}""")]
    [InlineData("""{"image_processor_type": "GLPNImageProcessor", "size_divisor": 0}""")]
    [InlineData("""{"image_processor_type": "DonutImageProcessor", "size": {"shortest_edge": 8}}""")]
    [InlineData("""{"image_processor_type": "Gemma3ImageProcessor", "do_pan_and_scan": true}""")]
    [InlineData("""{"image_processor_type": "Idefics3ImageProcessor", "max_image_size": {"height": 8, "width": 8}}""")]
    [InlineData("""{"image_processor_type": "ImageGPTImageProcessor"}""")]
    [InlineData("""{"image_processor_type": "ImageGPTImageProcessor", "clusters": [[1, 2]]}""")]
    [InlineData("""{"image_processor_type": "LlavaNextImageProcessor", "image_grid_pinpoints": []}""")]
    [InlineData("""{"image_processor_type": "LlavaNextImageProcessor", "image_grid_pinpoints": [[1e9, 1]]}""")]
    [InlineData("""{"image_processor_type": "Owlv2ImageProcessor", "size": {"shortest_edge": 8}}""")]
    [InlineData("""{"image_processor_type": "Pix2StructImageProcessor", "max_patches": 0}""")]
    [InlineData("""{"image_processor_type": "Qwen2VLImageProcessor", "patch_size": 0}""")]
    [InlineData("""{"image_processor_type": "Qwen2VLImageProcessor", "min_pixels": 1.5}""")]
    [InlineData("""{"image_processor_type": "SamImageProcessor", "size": {"shortest_edge": 8}}""")]
    [InlineData("""{"image_processor_type": "Siglip2ImageProcessor", "max_num_patches": 0}""")]
    [InlineData("""{"image_processor_type": "Swin2SRImageProcessor", "size_divisor": 0}""")]
    [InlineData("""{"image_processor_type": "\ud800"}""")]
    public void Malformed_file_is_refused(string content) => Assert.Throws<InvalidImageProcessorException>(() => Load(content));

    [Fact]
    public void Filters_that_only_pillow_has_choose_slow_backend_but_fail_in_fast_one()
    {
        const string Box = """{"image_processor_type": "ViTImageProcessor", "resample": 4, "size": 8}""";
        using var repository = new MadeRepository(("preprocessor_config.json", Box));
        Assert.Equal(8, ImageProcessor.Load(repository.File).Process([Grey(9, 9)])["pixel_values"].Shape[3]);
        Assert.Throws<UnsupportedImageProcessorException>(() => ImageProcessor.Load(repository.File, ImageBackend.Fast));
    }

    [Fact]
    public void Batch_holds_each_image_as_if_alone()
    {
        var processor = Load(Vit);
        Image[] images = [Noise(20, 30), Noise(9, 5), Noise(8, 8)];
        var batch = processor.Process(images);
        Assert.Equal(new Shape(3, 3, 8, 8), batch["pixel_values"].Shape);
        for (var i = 0; i < images.Length; i++)
            Assert.Equal(processor.Process([images[i]])["pixel_values"].AsSpan<float>(), batch["pixel_values"].AsSpan<float>().Slice(i * 192, 192));
        Assert.Equal([new ImageSize(20, 30), new ImageSize(9, 5), new ImageSize(8, 8)], batch.OriginalSizes);
    }

    [Fact]
    public void Images_that_come_out_unequal_do_not_make_a_batch()
    {
        var processor = Load("""{"image_processor_type": "ViTImageProcessor", "do_resize": false}""");
        Assert.Equal(new Shape(1, 3, 5, 9), processor.Process([Noise(9, 5)])["pixel_values"].Shape);
        Assert.Throws<UnfitImagesException>(() => processor.Process([Noise(9, 5), Noise(9, 6)]));
    }

    [Fact]
    public void Unequal_images_are_padded_where_processor_pads()
    {
        var processor = Load("""
            {"image_processor_type": "DetrImageProcessor", "size": {"shortest_edge": 8, "longest_edge": 16}, "do_normalize": false, "do_rescale": false}
            """);
        Assert.Equal(["pixel_values", "pixel_mask"], processor.InputNames);
        var batch = processor.Process([Grey(16, 8, 100), Grey(8, 10, 50)]);
        Assert.Equal(new Shape(2, 3, 10, 16), batch["pixel_values"].Shape);
        Assert.Equal([new ImageSize(16, 8), new ImageSize(8, 10)], batch.ContentSizes);
        var values = batch["pixel_values"].AsSpan<float>();
        var mask = batch["pixel_mask"].AsSpan<long>();
        for (var i = 0; i < mask.Length; i++)
        {
            var (image, y, x) = (i / 160, i / 16 % 10, i % 16);
            var inside = image == 0 ? y < 8 : x < 8;
            Assert.Equal(inside ? 1 : 0, mask[i]);
            Assert.Equal(inside ? image == 0 ? 100 : 50 : 0, values[image * 480 + i % 160]);
        }
    }

    [Fact]
    public void MaskFormer_pads_whatever_its_file_says() => Assert.Equal(["pixel_values", "pixel_mask"],
        Load("""{"image_processor_type": "MaskFormerImageProcessor", "do_pad": false}""").InputNames);

    [Fact]
    public void Crop_of_small_image_is_black_around_it()
    {
        var processor = Load("""
            {"image_processor_type": "CLIPImageProcessor", "do_resize": false, "crop_size": 4, "image_mean": [0, 0, 0], "image_std": [1, 1, 1]}
            """);
        var values = processor.Process([Grey(2, 1, 255)])["pixel_values"].AsSpan<float>();
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], values[..16]);
    }

    [Theory]
    [InlineData(""), InlineData(""", "interpolation": "", "crop_pct": 0, "crop_mode": "", "std": null""")]
    public void Absent_and_empty_settings_of_timm_are_its_defaults(string settings)
    {
        var image = Noise(21, 33);
        Assert.Equal(
            Timm(""", "interpolation": "bicubic", "crop_pct": 0.875, "crop_mode": "center", "mean": [0.485, 0.456, 0.406]""", image),
            Timm(settings, image));

        static float[] Timm(string settings, Image image)
        {
            using var repository = new MadeRepository(
                ("config.json", $$$"""{"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, 14, 14]{{{settings}}}}}"""));
            return ImageProcessor.Load(repository.File).Process([image])["pixel_values"].AsSpan<float>().ToArray();
        }
    }

    [Fact]
    public void Narrow_image_that_would_become_huge_is_refused()
    {
        var processor = Load("""{"image_processor_type": "CLIPImageProcessor"}""");
        Assert.Throws<UnfitImagesException>(() => processor.Process([Grey(1, 90_000)]));
        Assert.Throws<UnfitImagesException>(() => Load(Vit).Process([Grey(2, 2)], new ImageLimits { MaxPixels = 63 }));
    }

    [Fact]
    public void Image_that_would_vanish_is_refused() => Assert.Throws<UnfitImagesException>(
        () => Load("""{"image_processor_type": "GLPNImageProcessor"}""").Process([Grey(31, 64)]));

    [Fact]
    public void Every_type_loads_with_its_defaults()
    {
        foreach (var type in ImageProcessor.SupportedTypes)
        {
            var processor = Load($$"""{"image_processor_type": "{{type}}", "apply_ocr": false, "clusters": [[-1, -1, -1], [1, 1, 1]]}""");
            var processed = processor.Process([Noise(70, 90)]);
            Assert.Equal(processor.InputNames.Order(), processed.Tensors.Keys.Order());
            foreach (var tensor in processed.Tensors.Values.Where(tensor => tensor.ElementType == ElementType.Float32))
                foreach (var value in tensor.AsSpan<float>())
                    Assert.True(float.IsFinite(value), type);
        }
    }

    private static ImageProcessor Load(string preprocessorConfig)
    {
        using var repository = new MadeRepository(("preprocessor_config.json", preprocessorConfig));
        return ImageProcessor.Load(repository.File);
    }

    private static Image Grey(int width, int height, byte level = 128) =>
        Image.FromPixels(width, height, Enumerable.Repeat(level, width * height * 3).ToArray());

    private static Image Noise(int width, int height)
    {
        var pixels = new byte[width * height * 3];
        new Random(width * 1000 + height).NextBytes(pixels);
        return Image.FromPixels(width, height, pixels);
    }
}
