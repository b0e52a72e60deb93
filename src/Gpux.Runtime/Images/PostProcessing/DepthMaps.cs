namespace Gpux.Runtime.Images.PostProcessing;

/// <summary>DPT, Depth Anything, GLPN: the predicted depth at the size of the image.</summary>
/// <remarks>Source: transformers 5.23, post_process_depth_estimation of these families.</remarks>
public static class DepthMaps
{
    /// <param name="depth">float [batch, height, width] or [batch, 1, height, width].</param>
    /// <param name="image">Which of the batch.</param>
    /// <param name="target">The image's size in pixels; null for the model's own.</param>
    /// <param name="limits">Bounds the map; <see cref="ImageLimits.Default"/> where null.</param>
    /// <returns>float [height, width], in the model's unit.</returns>
    /// <exception cref="UnfitOutputsException">The tensor has another shape.</exception>
    public static Tensor Read(Tensor depth, int image, ImageSize? target, ImageLimits? limits = null)
    {
        var planes = Planes.Of(depth, image);
        if (planes.Count != 1)
            throw new UnfitOutputsException($"depths of the shape {depth.Shape}", "[batch, height, width]");
        if (target is { } size)
            planes = planes.Bicubic(size, limits ?? ImageLimits.Default);
        return Tensor.Of(planes.Values.Span, new Shape(planes.Size.Height, planes.Size.Width));
    }
}
