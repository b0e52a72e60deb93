using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>A repository whose tensors are all zero, for what depends on names and shapes alone.</summary>
internal sealed class TinyCheckpoint : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gpux-test");
    private readonly Dictionary<string, Tensor> _tensors = [];

    public void Add(string name, params long[] shape) => _tensors.Add(name, Tensor.Zeros(ElementType.Float32, new Shape(shape)));

    /// <summary>A module with a weight of the shape and a bias.</summary>
    public void AddModule(string name, params long[] shape)
    {
        Add($"{name}.weight", shape);
        Add($"{name}.bias", shape[0]);
    }

    public ModelFiles Write(string config)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), config);
        SafetensorsWriter.Write(Path.Combine(_folder.FullName, "model.safetensors"), _tensors);
        return ModelFiles.InFolder(_folder.FullName);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
