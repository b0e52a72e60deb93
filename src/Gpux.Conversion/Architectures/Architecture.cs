using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures;

/// <summary>A family of models that GPUX builds: one file, one line in <see cref="ArchitectureCatalog"/>.</summary>
/// <param name="ModelType">"model_type" of config.json.</param>
/// <param name="Example">A well-known repository of the family.</param>
/// <param name="Heads">The classes of the original library that share the family's body; the first is the body alone.</param>
internal sealed record Architecture(string ModelType, string Example, IReadOnlyList<Head> Heads);

/// <param name="ClassName">As in "architectures" of config.json.</param>
/// <param name="Task">What the class is for, one of <see cref="ModelTask"/>.</param>
/// <param name="Build">Adds the model to a graph and returns its outputs by name.</param>
internal sealed record Head(string ClassName, string Task, Func<GraphBuilder, ModelConfig, Weights, Outputs> Build);

/// <summary>The outputs of a model in the order in which the file lists them.</summary>
internal sealed class Outputs : List<(string Name, Value Value)>
{
    public Value? Find(string name) => this.FirstOrDefault(output => output.Name == name).Value;

    public void Add(string name, Value value) => Add((name, value));

    public void Add(Outputs others) => AddRange(others);
}
