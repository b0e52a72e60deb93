namespace Gpux.Runtime.Images.Processors;

/// <summary>Mask2Former: as MaskFormer.</summary>
internal static class Mask2FormerImageProcessor
{
    public static ProcessorSteps Create(ProcessorContext context) => MaskFormerImageProcessor.Create(context);
}
