using System.Collections.Immutable;

namespace Gpux.Conversion.Checkpoints.Torch;

/// <summary>The memory that tensors of a PyTorch checkpoint are views of.</summary>
/// <param name="type"><see cref="ElementType.Undefined"/> for mere bytes; null for elements that are not read.</param>
/// <param name="bytes">Its size.</param>
internal sealed class TorchStorage(ElementType? type, long bytes)
{
    public ElementType? Type { get; } = type;
    public long Bytes { get; } = bytes;

    /// <summary>The size of an element, 1 where no type is known.</summary>
    public int ElementBytes { get; init; } = 1;

    /// <summary>Where it lies. Old files tell only after everything that refers to it.</summary>
    public FilePart? Part { get; set; }

    public bool IsDeflated { get; init; }
    public bool IsBigEndian { get; set; }

    /// <summary>Whether the tensors of it were saved without their elements.</summary>
    public bool IsMeta { get; init; }
}

/// <param name="Start">Of the first element, in bytes from the storage's start.</param>
/// <param name="Strides">In elements.</param>
internal sealed record TorchTensor(TorchStorage Storage, ElementType Type, long Start, Shape Shape, ImmutableArray<long> Strides)
{
    public bool IsConjugated { get; init; }
    public bool IsNegated { get; init; }

    /// <summary>Names the tensor, and says how its elements are found.</summary>
    /// <exception cref="InvalidCheckpointException">Its storage is not in the file.</exception>
    public CheckpointTensor Place(string name, string file)
    {
        if (Storage.Part is not { } part)
            throw new InvalidCheckpointException(file, $"the elements of tensor '{name}' are not in it");
        var numberBytes = Type.BitSize() / 8 / (Type is ElementType.Complex64 or ElementType.Complex128 ? 2 : 1);
        var isBigEndian = Storage.IsBigEndian && numberBytes > 1;
        return !Storage.IsDeflated && !isBigEndian && !IsConjugated && !IsNegated && TensorLayout.IsRowMajor(Shape.Dimensions.AsSpan(), Strides.AsSpan())
            ? new CheckpointTensor(name, Type, Shape, file, part.Offset + Start)
            : new CheckpointTensor(name, Type, Shape, file, part.Offset)
            {
                Layout = new TensorLayout([part], Strides)
                {
                    Start = Start,
                    InflatedBytes = Storage.IsDeflated ? Storage.Bytes : null,
                    IsBigEndian = isBigEndian,
                    IsConjugated = IsConjugated,
                    IsNegated = IsNegated,
                },
            };
    }
}

/// <summary>A tensor whose elements are not plain numbers.</summary>
/// <param name="Kind">Such as "quantised".</param>
internal sealed record UnreadableTensor(string Kind);

/// <summary>A tensor of the weights is of a kind that is not read.</summary>
public sealed class UnsupportedTensorException(string file, string tensor, string kind) : GpuxException(ErrorCode.UnsupportedTensor,
    $"Tensor '{tensor}' in '{file}' is {kind}, which is not read.",
    "Look for a copy of the model with plain floating point weights; those that were made in training always are.")
{
    public string File { get; } = file;
    public string Tensor { get; } = tensor;
}
