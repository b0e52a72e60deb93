using Gpux.Runtime.Images;

namespace Gpux.Runtime.Pipelines;

internal static class ImageInputs
{
    /// <exception cref="PipelineInputException">The input is no image.</exception>
    public static IReadOnlyDictionary<string, Tensor> Of(PipelineModel model, PipelineInput input, string task)
    {
        var image = Require(input, task); // told before anything that the model may lack
        return model.Images.Process([image]).Tensors;
    }

    /// <exception cref="PipelineInputException">The input is no image.</exception>
    public static Image Require(PipelineInput input, string task) => input.Image ?? throw new PipelineInputException(
        $"The task {task} takes an image.", "Give the path of an image file: gpux run MODEL photo.jpg.");
}
