namespace Gpux.Runtime.Pipelines;

internal static class ImageInputs
{
    /// <exception cref="PipelineInputException">The input is no image.</exception>
    public static IReadOnlyDictionary<string, Tensor> Of(PipelineModel model, PipelineInput input, string task) => model.Images.Process(
        [input.Image ?? throw new PipelineInputException($"The task {task} takes an image.", "Give the path of an image file: gpux run MODEL photo.jpg.")]).Tensors;
}
