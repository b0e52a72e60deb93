namespace Gpux.Runtime.Pipelines;

internal static class ImageInputs
{
    /// <exception cref="PipelineInputException">The input is no image.</exception>
    public static IReadOnlyDictionary<string, Tensor> Of(PipelineModel model, PipelineInput input, string task)
    {
        var image = input.Image ?? throw new PipelineInputException(
            $"The task {task} takes an image.", "Give the path of an image file: gpux run MODEL photo.jpg.");
        return model.Images.Process([image]).Tensors;
    }
}
