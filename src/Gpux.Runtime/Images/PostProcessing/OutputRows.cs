namespace Gpux.Runtime.Images.PostProcessing;

internal static class OutputRows
{
    /// <summary>The part of a float tensor that is of one image of the batch.</summary>
    public static ReadOnlySpan<float> Of(Tensor tensor, int image)
    {
        var count = (int)(tensor.Shape.ElementCount / Math.Max(1, tensor.Shape[0]));
        return tensor.AsSpan<float>().Slice(image * count, count);
    }

    /// <summary>The greatest and its place; of equals the first.</summary>
    public static (float Value, int Place) Max(ReadOnlySpan<float> values)
    {
        var place = 0;
        for (var i = 1; i < values.Length; i++)
            if (values[i] > values[place])
                place = i;
        return (values[place], place);
    }
}

/// <summary>What a model computed has not the form that its task's post-processing takes.</summary>
public sealed class UnfitOutputsException(string actual, string expected) : GpuxException(ErrorCode.UnfitModelOutputs,
    $"The model gives {actual}, where {expected} was expected.", "Name another task with --task, or run the model on tensors and read its outputs yourself.");
