using Gpux.Runtime.Images.Resizing;

namespace Gpux.Runtime.Images.Processors;

/// <summary>LayoutLMv3 where the words of a page are given: to a fixed size, whatever the shape.</summary>
internal static class LayoutLMv3ImageProcessor
{
    private static readonly ProcessorDefaults Defaults = new(
        ProcessorSize.Fixed(224, 224), ResampleFilter.Bilinear, StandardProcessor.Centered);

    public static ProcessorSteps Create(ProcessorContext context) => context.Config.Flag("apply_ocr", true)
        ? throw new UnsupportedImageProcessorException(context.Type, "text recognition (apply_ocr)")
        : StandardProcessor.Create(context, Defaults);
}
