using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Precision;
using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Conversion;

/// <summary>The tensors of a checkpoint as constants of a graph, by module: <c>weights["encoder"]["layer.0"]</c>.</summary>
/// <remarks>Keeps account: a tensor that is neither read nor ignored by name fails the conversion, because silence hides wrong models.</remarks>
internal sealed class Weights
{
    private readonly Account _account;
    private readonly string _path;

    private Weights(Account account, string path)
    {
        _account = account;
        _path = path;
    }

    /// <param name="className">What reads the tensors, for messages.</param>
    /// <param name="precision">What they will be stored in.</param>
    public Weights(GraphBuilder graph, Checkpoint checkpoint, string className, WeightPrecision precision = WeightPrecision.Float32)
        : this(new Account(graph, checkpoint, className, precision, []), "")
    {
    }

    /// <summary>Whether matrices become 8-bit integers, which products of matrices can use and convolutions cannot.</summary>
    public bool AreQuantized => _account.Precision == WeightPrecision.Int8;

    /// <summary>The module below this one at a dotted path.</summary>
    public Weights this[string path] => new(_account, Join(path));

    /// <summary>Whether there is a tensor of that name, or below a module of that name.</summary>
    public bool Has(string path) => _account.Checkpoint.Below(Join(path)).Any();

    /// <summary>A tensor in float32. Half-precision weights are widened by a Cast that ONNX Runtime folds when it loads the graph.</summary>
    /// <exception cref="MissingTensorException">The checkpoint has no such tensor.</exception>
    public Value Get(string name) => Stored(name).Cast(ElementType.Float32);

    /// <summary>The tensor of the first name that the checkpoint has, in float32; the last one is required.</summary>
    public Value Get(string name, params ReadOnlySpan<string> otherNames)
    {
        foreach (var other in otherNames)
        {
            if (Has(name))
                break;
            name = other;
        }
        return Get(name);
    }

    /// <summary>A tensor in float32, or null if the checkpoint has none of that name.</summary>
    public Value? Find(string name) => Has(name) ? Get(name) : null;

    /// <summary>A tensor in the precision it is stored in. What picks rows of a table reads this, and widens the rows alone.</summary>
    public Value Stored(string name)
    {
        var tensor = Read(name);
        return Declare(tensor, tensor.Shape);
    }

    /// <summary>The kernel of a convolution over one position, [out, in, 1], as the matrix [out, in] that it is: its elements lie
    /// alike. In float32.</summary>
    public Value Pointwise(string name)
    {
        var tensor = Read(name);
        if (tensor.Shape.Rank < 3 || tensor.Shape.Dimensions.AsSpan()[2..].ContainsAnyExcept(1))
            throw new InvalidCheckpointException(tensor.File, $"tensor '{tensor.Name}' is {tensor.Shape}, where {_account.ClassName} reads a kernel of one position");
        return Declare(tensor, new Shape(tensor.Shape[0], tensor.Shape[1])).Cast(ElementType.Float32);
    }

    /// <summary>A matrix [out, in] as the kernel [out, in, 1, 1] of the convolution that multiplies the channels of each place by it: its
    /// elements lie alike. In float32.</summary>
    public Value PointwiseKernel(string name)
    {
        var tensor = Read(name);
        if (tensor.Shape.Rank != 2)
            throw new InvalidCheckpointException(tensor.File, $"tensor '{tensor.Name}' is {tensor.Shape}, where {_account.ClassName} reads a matrix");
        return Declare(tensor, new Shape(tensor.Shape[0], tensor.Shape[1], 1, 1), $"{tensor.Name}/kernel").Cast(ElementType.Float32);
    }

    /// <summary>A tensor of [in, heads, size], or more axes, as the matrix [in, heads * size]: its elements lie alike. In float32.</summary>
    public Value Matrix(string name)
    {
        var tensor = Read(name);
        if (tensor.Shape.Rank < 2)
            throw new InvalidCheckpointException(tensor.File, $"tensor '{tensor.Name}' is {tensor.Shape}, where {_account.ClassName} reads a matrix");
        return Declare(tensor, new Shape(tensor.Shape[0], new Shape(tensor.Shape.Dimensions.AsSpan()[1..]).ElementCount)).Cast(ElementType.Float32);
    }

    /// <summary>This module's weight, kept as directions and their lengths (weight normalisation, arXiv:1602.07868), in float32. It is
    /// put together when the graph is written.</summary>
    /// <param name="axis">Each position along it has a length of its own.</param>
    public Value NormalizedWeight(int axis)
    {
        var (lengths, directions) = Has("parametrizations.weight") // PyTorch 2.0 on
            ? (Read("parametrizations.weight.original0"), Read("parametrizations.weight.original1")) : (Read("weight_g"), Read("weight_v"));
        var expected = directions.Shape.Dimensions.Select((size, i) => i == axis ? size : 1);
        if (axis >= directions.Shape.Rank || !lengths.Shape.Dimensions.SequenceEqual(expected))
            throw new InvalidCheckpointException(lengths.File,
                $"tensor '{lengths.Name}' is {lengths.Shape}, which are not the lengths of '{directions.Name}', {directions.Shape}, along axis {axis}");
        return _account.Graph.Weight(Join("weight"), _path, ElementType.Float32, directions.Shape, new NormalizedData(directions, lengths, axis));
    }

    /// <summary>Some rows of a tensor in float32: a part of a matrix that holds several, such as torch.nn.MultiheadAttention's in_proj_weight.</summary>
    /// <param name="count">How many parts of equal size there are.</param>
    /// <param name="part">The number of the part.</param>
    public Value Part(string name, int part, int count)
    {
        var whole = Stored(name);
        var tensor = _account.Checkpoint.Tensors[Join(name)]; // Stored has found it
        if (whole.Rank == 0 || whole.Dim(0).Size!.Value is var extent && extent % count != 0) // weights have known extents
            throw new InvalidCheckpointException(tensor.File, $"tensor '{Join(name)}' of shape {tensor.Shape} cannot be cut into {count} equal parts");
        var rows = extent / count;
        if (tensor.Layout is not null)
            return whole.Slice(axis: 0, part * rows, (part + 1) * rows).Cast(ElementType.Float32);
        // Rows lie one after another: the part is used where it lies.
        var bytes = tensor.ByteCount / count;
        return _account.Graph.Weight($"{Join(name)}[{part * rows}:{(part + 1) * rows}]", _path, tensor.ElementType,
            new Shape([rows, .. tensor.Shape.Dimensions.AsSpan()[1..]]), new ExternalData(tensor.File, tensor.Offset + part * bytes, bytes)).Cast(ElementType.Float32);
    }

    /// <summary>States that tensors, or all below modules, are rightly not read. Names that the checkpoint lacks do no harm.</summary>
    public void Ignore(params ReadOnlySpan<string> paths)
    {
        foreach (var path in paths)
            _account.Accounted.UnionWith(_account.Checkpoint.Below(Join(path)));
    }

    /// <exception cref="UnexpectedTensorsException">Some tensors were neither read nor ignored.</exception>
    public void RequireAllAccountedFor()
    {
        var left = _account.Checkpoint.Below("").Where(name => !_account.Accounted.Contains(name)).ToArray();
        if (left.Length > 0)
            throw new UnexpectedTensorsException(_account.ClassName, left);
    }

    private CheckpointTensor Read(string name)
    {
        var path = Join(name);
        if (!_account.Checkpoint.Tensors.TryGetValue(path, out var tensor))
            throw new MissingTensorException(path, _account.ClassName, Closest(path));
        if (tensor.ElementType is not (ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16 or ElementType.Float64))
            throw new InvalidCheckpointException(tensor.File,
                $"tensor '{path}' holds {tensor.ElementType}, where {_account.ClassName} reads 16-, 32- or 64-bit floating point numbers");
        _account.Accounted.Add(path);
        return tensor;
    }

    /// <param name="name">Null for the tensor's own.</param>
    private Value Declare(CheckpointTensor tensor, Shape shape, string? name = null) => _account.Graph.Weight(name ?? tensor.Name, _path.Length == 0 ? tensor.Name : _path,
        tensor.ElementType, shape, tensor.Layout is null ? new ExternalData(tensor.File, tensor.Offset, tensor.ByteCount) : new RearrangedData(tensor));

    private string Join(string path) => _path.Length == 0 ? path : path.Length == 0 ? _path : $"{_path}.{path}";

    // Names that end alike are most often what was meant; the longest common end first.
    private string[] Closest(string path) =>
    [
        .. _account.Checkpoint.Below("")
            .Select(name => (Name: name, Common: CommonSuffix(name, path)))
            .Where(candidate => candidate.Common > 0)
            .OrderByDescending(candidate => candidate.Common).ThenBy(candidate => candidate.Name.Length)
            .Take(3).Select(candidate => candidate.Name),
    ];

    private static int CommonSuffix(string left, string right)
    {
        var length = 0;
        while (length < left.Length && length < right.Length && left[^(length + 1)] == right[^(length + 1)])
            length++;
        return length;
    }

    private sealed record Account(GraphBuilder Graph, Checkpoint Checkpoint, string ClassName, WeightPrecision Precision, HashSet<string> Accounted);
}

/// <summary>The checkpoint lacks a tensor that the architecture reads.</summary>
public sealed class MissingTensorException(string tensor, string className, IReadOnlyList<string> closest) : GpuxException(
    ErrorCode.MissingTensor,
    $"{className} reads tensor '{tensor}', which this checkpoint lacks."
        + (closest.Count == 0 ? "" : $" Closest: {string.Join(", ", closest)}."),
    "Check that config.json and the weights are of one revision. A head that was never trained is not in the file: "
        + "name another class with --class, such as the one without a head.")
{
    public string Tensor { get; } = tensor;
}

/// <summary>The checkpoint holds tensors that the architecture neither reads nor knows to be without use.</summary>
public sealed class UnexpectedTensorsException(string className, IReadOnlyList<string> tensors) : GpuxException(
    ErrorCode.UnexpectedTensors,
    $"The checkpoint holds {tensors.Count} tensor{(tensors.Count == 1 ? "" : "s")} that {className} does not read: "
        + string.Join(", ", tensors.Take(5)) + (tensors.Count > 5 ? ", ..." : "") + ".",
    "Check 'architectures' and 'model_type' in config.json. If the weights are of another class, name it with --class.")
{
    public IReadOnlyList<string> Tensors { get; } = tensors;
}
