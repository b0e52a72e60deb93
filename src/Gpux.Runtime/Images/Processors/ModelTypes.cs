namespace Gpux.Runtime.Images.Processors;

/// <summary>The processor of a model whose processor file names none, as files before 2023 often do not.</summary>
/// <remarks>Source: transformers 5.23, IMAGE_PROCESSOR_MAPPING_NAMES; the types that are read here.</remarks>
internal static class ModelTypes
{
    /// <returns>Null for types of model without a processor here.</returns>
    public static string? Processor(string modelType) => modelType switch
    {
        "beit" or "data2vec-vision" => nameof(BeitImageProcessor),
        "bit" or "dinov2" or "dinov2_with_registers" or "focalnet" or "hiera" => nameof(BitImageProcessor),
        "blip" or "blip-2" or "instructblip" => nameof(BlipImageProcessor),
        "chinese_clip" => nameof(ChineseCLIPImageProcessor),
        "altclip" or "clip" or "florence2" or "git" or "groupvit" or "metaclip_2" or "xclip" => nameof(CLIPImageProcessor),
        "conditional_detr" => nameof(ConditionalDetrImageProcessor),
        "convnext" or "convnextv2" or "cvt" or "regnet" or "resnet" or "van" => nameof(ConvNextImageProcessor),
        "deformable_detr" => nameof(DeformableDetrImageProcessor),
        "deit" => nameof(DeiTImageProcessor),
        "donut-swin" => nameof(DonutImageProcessor),
        "detr" or "table-transformer" => nameof(DetrImageProcessor),
        "dinov3_vit" or "dinov3_convnext" => nameof(DINOv3ViTImageProcessor),
        "depth_anything" or "dpt" => nameof(DPTImageProcessor),
        "align" or "efficientnet" => nameof(EfficientNetImageProcessor),
        "gemma3" => nameof(Gemma3ImageProcessor),
        "glpn" => nameof(GLPNImageProcessor),
        "grounding-dino" or "mm-grounding-dino" => nameof(GroundingDinoImageProcessor),
        "idefics3" => nameof(Idefics3ImageProcessor),
        "imagegpt" => nameof(ImageGPTImageProcessor),
        "layoutlmv3" => nameof(LayoutLMv3ImageProcessor),
        "levit" => nameof(LevitImageProcessor),
        "llava" => nameof(LlavaImageProcessor),
        "llava_next" => nameof(LlavaNextImageProcessor),
        "mask2former" => nameof(Mask2FormerImageProcessor),
        "maskformer" => nameof(MaskFormerImageProcessor),
        "mobilenet_v1" => nameof(MobileNetV1ImageProcessor),
        "mobilenet_v2" => nameof(MobileNetV2ImageProcessor),
        "mobilevit" or "mobilevitv2" => nameof(MobileViTImageProcessor),
        "owlv2" => nameof(Owlv2ImageProcessor),
        "owlvit" => nameof(OwlViTImageProcessor),
        "pix2struct" => nameof(Pix2StructImageProcessor),
        "poolformer" => nameof(PoolFormerImageProcessor),
        "pvt" or "pvt_v2" => nameof(PvtImageProcessor),
        "qwen2_vl" or "qwen2_5_vl" or "qwen3_vl" => nameof(Qwen2VLImageProcessor),
        "rt_detr" => nameof(RTDetrImageProcessor),
        "sam" => nameof(SamImageProcessor),
        "segformer" or "upernet" => nameof(SegformerImageProcessor),
        "siglip2" => nameof(Siglip2ImageProcessor),
        "colpali" or "paligemma" or "siglip" => nameof(SiglipImageProcessor),
        "smolvlm" => nameof(Idefics3ImageProcessor),
        "swin2sr" => nameof(Swin2SRImageProcessor),
        "clipseg" or "dinat" or "ijepa" or "mgp-str" or "nat" or "swiftformer" or "swin" or "swinv2" or "trocr"
            or "vit" or "vit_mae" or "vit_msn" => nameof(ViTImageProcessor),
        "yolos" => nameof(YolosImageProcessor),
        _ => null,
    };
}
