namespace Gpux.Runtime.Images.Processors;

/// <summary>What a processor does to a batch.</summary>
internal interface IProcessorSteps
{
    /// <summary>The tensors that <see cref="Run"/> gives.</summary>
    IReadOnlyList<string> InputNames { get; }

    /// <exception cref="UnfitImagesException">The images come out in different sizes, or too large.</exception>
    ProcessedImages Run(IReadOnlyList<Image> images, ImageLimits limits);
}
