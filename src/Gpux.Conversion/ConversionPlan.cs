using Gpux.Conversion.Precision;
using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Conversion;

/// <param name="Target">Which operators the graph may use.</param>
/// <param name="ClassName">The class to build, such as "BertForMaskedLM"; null for the one that config.json states.</param>
/// <param name="Precision">What the weights are stored in.</param>
/// <param name="Arguments">A JSON object of what the class is called with, for a state dict without configuration: what shapes do not tell, such as
/// {"num_heads": 4}. Null for the class's own.</param>
public sealed record ConversionOptions(
    GraphTarget Target = GraphTarget.Cpu, string? ClassName = null, WeightPrecision Precision = WeightPrecision.Float32, string? Arguments = null);

/// <summary>A conversion that is known to succeed: the whole graph, built from configuration and headers alone.</summary>
public sealed class ConversionPlan
{
    internal ConversionPlan(OnnxModel model, string modelType, string className, string task)
    {
        Model = model;
        ModelType = modelType;
        ClassName = className;
        Task = task;
    }

    public string ModelType { get; }
    public string ClassName { get; }

    /// <summary>What the model is for: one of <see cref="ModelTask"/>.</summary>
    public string Task { get; }

    /// <summary>The graph. Its weights are named by the repository's file names.</summary>
    public OnnxModel Model { get; }

    /// <summary>The repository's files that hold the weights.</summary>
    public IReadOnlyList<string> WeightFiles => [.. Model.Graph.Initializers
        .Where(tensor => tensor.External is not null).Select(tensor => tensor.External!.Location).Distinct().Order(StringComparer.Ordinal)]; // filtered

    /// <summary>The bytes of weights that the graph uses where they lie; a weight that is used twice counts once.</summary>
    public long MappedBytes => Model.Graph.Initializers.Where(tensor => tensor.External is not null)
        .Sum(tensor => tensor.External!.Length ?? 0); // filtered
}
