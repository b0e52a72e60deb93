using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>DINOv3: rescaled before it is resized, so that floats are resized; to a fixed size, whatever the shape.</summary>
internal static class DINOv3ViTImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(224, 224), ResampleFilter.Bilinear, StandardProcessor.ImageNet);

    public static ProcessorSteps Create(ProcessorContext context)
    {
        if (context.Backend == ImageBackend.Slow)
            throw new UnsupportedImageProcessorException(context.Type, "the slow backend");
        var factor = StandardProcessor.RescaleFactor(context.Config);
        return StandardProcessor.Create(context, Defaults) with
        {
            ResizesFloats = factor is null
                ? null
                : new FloatResize((float)factor, StandardProcessor.NormalizationOf(context.Config, Defaults)),
        };
    }
}
