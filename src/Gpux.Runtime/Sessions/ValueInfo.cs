using System.Collections.Immutable;

namespace Gpux.Runtime.Sessions;

/// <summary>An input or output of a model.</summary>
/// <param name="ElementType">Of the tensor, of the tensors of a sequence, or of the optional tensor; undefined for other kinds.</param>
/// <param name="Dimensions">Of the same tensor; null if the model does not even say how many there are.</param>
public sealed record ValueInfo(string Name, ValueKind Kind, ElementType ElementType, ImmutableArray<Dimension>? Dimensions)
{
    /// <summary>The whole type in words, such as tensor(Float32[batch, 3]) or sequence(map(Int64, tensor(Float32[]))).</summary>
    public string Description { get => field ??= Tensor; init; }

    public override string ToString() => $"{Name}: {Description}";

    private string Tensor => $"tensor({ElementType}{(Dimensions is { } known ? $"[{string.Join(", ", known)}]" : " of any shape")})";
}

public enum ValueKind
{
    Unknown = 0,
    Tensor = 1,
    Sequence = 2,
    Map = 3,
    Opaque = 4,
    SparseTensor = 5,
    Optional = 6,
}

/// <summary>A dimension of an input or output.</summary>
/// <param name="Size">Null if it may be any.</param>
/// <param name="Name">The model's name for a size that may be any; null if it has none.</param>
public sealed record Dimension(long? Size, string? Name)
{
    public override string ToString() => Size?.ToString() ?? Name ?? "?";
}

/// <summary>What an ONNX file says of itself.</summary>
public sealed record ModelMetadata(
    string Producer, string GraphName, string Domain, string Description, string GraphDescription, long Version,
    IReadOnlyDictionary<string, string> Custom);
