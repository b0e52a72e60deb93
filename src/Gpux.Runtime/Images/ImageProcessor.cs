using Gpux.Runtime.Images.Processors;

namespace Gpux.Runtime.Images;

/// <summary>Turns images into a model's inputs, as its repository's processor file describes.</summary>
/// <remarks>Equal to transformers 5 (and to timm's evaluation transform) within 1e-5 but for single 8-bit levels of the
/// resize.</remarks>
public sealed class ImageProcessor
{
    private readonly IProcessorSteps _steps;

    internal ImageProcessor(string type, IProcessorSteps steps)
    {
        Type = type;
        _steps = steps;
    }

    /// <summary>The class names of transformers' processors that can be loaded, as files store them, without Fast or Pil at the
    /// end.</summary>
    public static IReadOnlyList<string> SupportedTypes => ProcessorCatalog.Types;

    /// <summary>The class name in transformers, such as ViTImageProcessor, or timm.</summary>
    public string Type { get; }

    /// <summary>The names of the tensors that <see cref="Process"/> gives.</summary>
    public IReadOnlyList<string> InputNames => _steps.InputNames;

    /// <summary>Reads processor_config.json, preprocessor_config.json or, for timm models, config.json.</summary>
    /// <param name="repositoryFile">The local path of a file of the model's repository; null where it has no such file.</param>
    /// <param name="backend">Null: <see cref="ImageBackend.Fast"/>, but for filters that only the other has (box,
    /// Hamming).</param>
    /// <exception cref="UnsupportedImageProcessorException">No such processor here.</exception>
    /// <exception cref="InvalidImageProcessorException">No processor file, or a malformed one.</exception>
    public static ImageProcessor Load(Func<string, string?> repositoryFile, ImageBackend? backend = null) =>
        ProcessorCatalog.Load(new ProcessorFiles(repositoryFile), backend);

    /// <summary>Reads the processor files of a model, or knows what is done to images for a state dict that has none.</summary>
    /// <exception cref="UnsupportedImageProcessorException">No such processor here.</exception>
    /// <exception cref="InvalidImageProcessorException">No processor file, or a malformed one.</exception>
    public static ImageProcessor Load(ModelFiles files, ImageBackend? backend = null) =>
        StateDict.FileOf(files) is { } file && files.Find("preprocessor_config.json") is null && files.Find("processor_config.json") is null
            ? TorchvisionPresets.Load(file) : Load(files.Find, backend);

    /// <param name="limits">Bounds what an image is resized to; <see cref="ImageLimits.Default"/> where null.</param>
    /// <exception cref="UnfitImagesException">The images come out in different sizes, or too large.</exception>
    public ProcessedImages Process(IReadOnlyList<Image> images, ImageLimits? limits = null) =>
        images.Count == 0
            ? throw new ArgumentException("A batch has at least one image.", nameof(images))
            : _steps.Run(images, limits ?? ImageLimits.Default);
}
