using System.Collections.Immutable;

namespace Gpux.Conversion.Checkpoints.Flax;

/// <summary>Gives the parameters of a Flax model the names and the order of dimensions of the same architecture in PyTorch.</summary>
/// <remarks>Source: transformers 4.57, modeling_flax_pytorch_utils.py, load_flax_weights_in_pytorch_model. A kernel is stored input
/// first, and is turned: its strides change, and whoever writes the graph copies it.</remarks>
internal static class FlaxNames
{
    public static Checkpoint ToTorch(Checkpoint flax)
    {
        var tensors = new Dictionary<string, CheckpointTensor>();
        foreach (var tensor in flax.Tensors.Values)
        {
            var renamed = Rename(tensor);
            if (!tensors.TryAdd(renamed.Name, renamed))
                throw new InvalidCheckpointException(tensor.File, $"two of its arrays are called '{renamed.Name}' in PyTorch");
        }
        return new Checkpoint(tensors);
    }

    private static CheckpointTensor Rename(CheckpointTensor tensor)
    {
        var path = tensor.Name.Split('/');
        // Models with batch normalisation keep its averages apart from what was trained.
        if (path.Length > 1 && path[0] is "params" or "batch_stats")
            path = path[1..];
        var turned = tensor;
        switch (path[^1])
        {
            case "kernel" when tensor.Shape.Rank == 4:
                turned = Permute(tensor, [3, 2, 0, 1]); // height, width, in, out -> out, in, height, width
                path[^1] = "weight";
                break;
            case "kernel":
                turned = Permute(tensor, [.. Enumerable.Range(0, tensor.Shape.Rank).Reverse()]);
                path[^1] = "weight";
                break;
            case "scale" or "embedding": path[^1] = "weight"; break;
            case "mean": path[^1] = "running_mean"; break;
            case "var": path[^1] = "running_var"; break;
        }
        return turned with { Name = string.Join('.', path) };
    }

    private static CheckpointTensor Permute(CheckpointTensor tensor, ReadOnlySpan<int> axes)
    {
        var layout = tensor.Layout ?? new TensorLayout([new FilePart(tensor.Offset, tensor.ByteCount)], TensorLayout.RowMajor(tensor.Shape.Dimensions.AsSpan()));
        var (dimensions, strides) = (new long[axes.Length], new long[axes.Length]);
        for (var i = 0; i < axes.Length; i++)
            (dimensions[i], strides[i]) = (tensor.Shape[axes[i]], layout.Strides[axes[i]]);
        return tensor with { Shape = new Shape(dimensions), Layout = layout with { Strides = ImmutableArray.Create(strides) } };
    }
}
