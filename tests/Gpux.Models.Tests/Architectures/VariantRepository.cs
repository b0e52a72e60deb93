using System.Text.Json.Nodes;
using Gpux.Conversion;
using Gpux.Conversion.Checkpoints;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests.Architectures;

/// <summary>A recorded model whose configuration and tensors a test has changed.</summary>
internal sealed class VariantRepository : IDisposable
{
    private const string WeightFile = "model.safetensors";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gpux-variant-");
    private readonly JsonObject _config;
    private readonly Dictionary<string, Tensor> _tensors = [];

    public VariantRepository(string model)
    {
        var files = ModelFiles.InFolder(Corpus.PathOf("models", model, "repo"));
        _config = JsonNode.Parse(File.ReadAllText(files.Require("config.json")))!.AsObject(); // every configuration is an object
        var data = new CheckpointData(files);
        foreach (var tensor in CheckpointReader.Read(files, WeightFile).Tensors.Values)
            _tensors[tensor.Name] = data.Open(tensor);
    }

    /// <summary>A field of config.json; null removes it.</summary>
    public VariantRepository With(string field, JsonNode? value)
    {
        if (value is null)
            _config.Remove(field);
        else
            _config[field] = value;
        return this;
    }

    /// <summary>A field that is there, and null.</summary>
    public VariantRepository WithNull(string field)
    {
        _config[field] = null;
        return this;
    }

    public VariantRepository WithTensor(string name, Tensor tensor)
    {
        _tensors[name] = tensor;
        return this;
    }

    /// <summary>Removes a tensor, or all below a module.</summary>
    public VariantRepository Without(string path)
    {
        string[] names = [.. _tensors.Keys.Where(name => name == path || name.StartsWith($"{path}.", StringComparison.Ordinal))];
        Assert.NotEmpty(names);
        Array.ForEach(names, name => _tensors.Remove(name));
        return this;
    }

    /// <summary>Gives every tensor another name.</summary>
    public VariantRepository Rename(Func<string, string> name)
    {
        var old = _tensors.ToArray();
        _tensors.Clear();
        foreach (var (key, tensor) in old)
            _tensors.Add(name(key), tensor);
        return this;
    }

    public Tensor this[string tensor] => _tensors[tensor];

    public int Int(string field) => (int)_config[field]!; // of the models that tests name

    /// <summary>Converts the model and runs it.</summary>
    public Dictionary<string, float[]> Run(string? className, params (string Name, Tensor Tensor)[] inputs)
    {
        using var session = Open(className);
        using var outputs = session.Run(ModelInputs.Complete(session.Inputs, inputs.ToDictionary(input => input.Name, input => input.Tensor)));
        return outputs.Tensors.ToDictionary(output => output.Name, output => output.Tensor.AsSpan<float>().ToArray());
    }

    public ConversionPlan Plan(string? className = null)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), _config.ToJsonString());
        SafetensorsWriter.Write(Path.Combine(_folder.FullName, WeightFile), _tensors);
        return Converter.Plan(ModelFiles.InFolder(_folder.FullName), new ConversionOptions(ClassName: className));
    }

    private InferenceSession Open(string? className)
    {
        var (graph, result) = Converter.WriteInMemory(Plan(className), ModelFiles.InFolder(_folder.FullName), []);
        return InferenceSession.Open(graph.Span, new SessionOptions { ExternalWeightsFolder = result.WeightsFolder, DisablePrepacking = true });
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
