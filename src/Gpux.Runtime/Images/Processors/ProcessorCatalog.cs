using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>All image processors, and how a repository tells which one it wants.</summary>
internal static class ProcessorCatalog
{
    private static readonly (string Type, Func<ProcessorContext, IProcessorSteps> Create)[] Processors =
    [
        (nameof(BeitImageProcessor), BeitImageProcessor.Create),
        (nameof(BitImageProcessor), BitImageProcessor.Create),
        (nameof(BlipImageProcessor), BlipImageProcessor.Create),
        (nameof(ChineseCLIPImageProcessor), ChineseCLIPImageProcessor.Create),
        (nameof(CLIPImageProcessor), CLIPImageProcessor.Create),
        (nameof(ConditionalDetrImageProcessor), ConditionalDetrImageProcessor.Create),
        (nameof(ConvNextImageProcessor), ConvNextImageProcessor.Create),
        (nameof(DeformableDetrImageProcessor), DeformableDetrImageProcessor.Create),
        (nameof(DeiTImageProcessor), DeiTImageProcessor.Create),
        (nameof(DetrImageProcessor), DetrImageProcessor.Create),
        (nameof(DINOv3ViTImageProcessor), DINOv3ViTImageProcessor.Create),
        (nameof(DonutImageProcessor), DonutImageProcessor.Create),
        (nameof(DPTImageProcessor), DPTImageProcessor.Create),
        (nameof(EfficientNetImageProcessor), EfficientNetImageProcessor.Create),
        (nameof(Gemma3ImageProcessor), Gemma3ImageProcessor.Create),
        (nameof(GLPNImageProcessor), GLPNImageProcessor.Create),
        (nameof(GroundingDinoImageProcessor), GroundingDinoImageProcessor.Create),
        (nameof(Idefics3ImageProcessor), Idefics3ImageProcessor.Create),
        (nameof(ImageGPTImageProcessor), ImageGPTImageProcessor.Create),
        (nameof(LayoutLMv3ImageProcessor), LayoutLMv3ImageProcessor.Create),
        (nameof(LevitImageProcessor), LevitImageProcessor.Create),
        (nameof(LlavaImageProcessor), LlavaImageProcessor.Create),
        (nameof(LlavaNextImageProcessor), LlavaNextImageProcessor.Create),
        (nameof(Mask2FormerImageProcessor), Mask2FormerImageProcessor.Create),
        (nameof(MaskFormerImageProcessor), MaskFormerImageProcessor.Create),
        (nameof(MobileNetV1ImageProcessor), MobileNetV1ImageProcessor.Create),
        (nameof(MobileNetV2ImageProcessor), MobileNetV2ImageProcessor.Create),
        (nameof(MobileViTImageProcessor), MobileViTImageProcessor.Create),
        (nameof(Owlv2ImageProcessor), Owlv2ImageProcessor.Create),
        (nameof(OwlViTImageProcessor), OwlViTImageProcessor.Create),
        (nameof(Pix2StructImageProcessor), Pix2StructImageProcessor.Create),
        (nameof(PoolFormerImageProcessor), PoolFormerImageProcessor.Create),
        (nameof(PvtImageProcessor), PvtImageProcessor.Create),
        ("Qwen2_5_VLImageProcessor", Qwen2VLImageProcessor.Create),
        (nameof(Qwen2VLImageProcessor), Qwen2VLImageProcessor.Create),
        (nameof(RTDetrImageProcessor), RTDetrImageProcessor.Create),
        (nameof(SamImageProcessor), SamImageProcessor.Create),
        (nameof(SegformerImageProcessor), SegformerImageProcessor.Create),
        (nameof(Siglip2ImageProcessor), Siglip2ImageProcessor.Create),
        (nameof(SiglipImageProcessor), SiglipImageProcessor.Create),
        ("SmolVLMImageProcessor", Idefics3ImageProcessor.Create),
        (nameof(Swin2SRImageProcessor), Swin2SRImageProcessor.Create),
        (nameof(ViTImageProcessor), ViTImageProcessor.Create),
        (nameof(YolosImageProcessor), YolosImageProcessor.Create),
    ];

    public static IReadOnlyList<string> Types => Array.ConvertAll(Processors, processor => processor.Type);

    public static ImageProcessor Load(ProcessorFiles files, ImageBackend? backend)
    {
        // Transformers 5 nests the processor of images in that of all inputs; older files lie alone.
        var config = files.Read("processor_config.json")?.Nested("image_processor") ?? files.Read("preprocessor_config.json");
        var model = files.Read("config.json");
        if (config is null && Timm(model) is { } timm)
            return new ImageProcessor(TimmImageProcessor.Type, TimmImageProcessor.Create(timm));
        if (config is null)
            throw new InvalidImageProcessorException("preprocessor_config.json", "the repository has no such file");

        var type = Type(config, model);
        foreach (var (name, create) in Processors)
            if (name == type)
                return new ImageProcessor(type, create(new ProcessorContext(type, config, backend ?? Backend(config))));
        throw new UnsupportedImageProcessorException(type);
    }

    /// <summary>timm's settings: of their own, or in old files among those of the model.</summary>
    private static ProcessorConfig? Timm(ProcessorConfig? model) =>
        model?.Nested("pretrained_cfg") ?? (model?.Text("architecture") is null ? null : model);

    private static ImageBackend Backend(ProcessorConfig config) =>
        (ResampleFilter)config.Integer("resample", (int)ResampleFilter.Bilinear) is ResampleFilter.Box or ResampleFilter.Hamming
            ? ImageBackend.Slow
            : ImageBackend.Fast;

    /// <summary>The class name, as files of all ages give it, or as the type of model implies it.</summary>
    private static string Type(ProcessorConfig config, ProcessorConfig? model)
    {
        var stored = config.Text("image_processor_type") ?? config.Text("feature_extractor_type");
        if (stored is null)
            return model?.Text("model_type") is { } modelType
                ? ModelTypes.Processor(modelType) ?? throw new UnsupportedImageProcessorException($"of model type {modelType}")
                : throw config.Invalid("it names no image_processor_type, and config.json no model_type");
        return WithoutEnding(WithoutEnding(stored, "Fast"), "Pil")
            .Replace("FeatureExtractor", "ImageProcessor", StringComparison.Ordinal);
    }

    private static string WithoutEnding(string text, string ending) =>
        text.EndsWith(ending, StringComparison.Ordinal) ? text[..^ending.Length] : text;
}
