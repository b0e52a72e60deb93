using Gpux.Onnx;
using Gpux.Registries;

namespace Gpux.Models.Tests.Detection;

/// <summary>Variables of a machine of its own.</summary>
internal static class TestHome
{
    public static RegistryEnvironment Environment(string folder, params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string>
        {
            ["HOME"] = folder, ["HF_HUB_CACHE"] = Path.Combine(folder, "cache"), ["GPUX_HOME"] = Path.Combine(folder, "home"),
            ["HF_ENDPOINT"] = "http://127.0.0.1:9", // the discard port: nothing answers
        };
        foreach (var (name, value) in more)
            variables[name] = value;
        return new RegistryEnvironment(variables.GetValueOrDefault);
    }
}

/// <summary>The smallest ONNX file that runs: y = x.</summary>
internal static class TinyOnnx
{
    public static string Write(string path, params (string Key, string Value)[] metadata)
    {
        var model = new OnnxModel { IrVersion = 8 };
        model.OperatorSets.Add(new OperatorSet("", 17));
        model.Graph.Name = "same";
        foreach (var (values, name) in ((List<OnnxValueInfo>, string)[])[(model.Graph.Inputs, "x"), (model.Graph.Outputs, "y")])
            values.Add(new OnnxValueInfo { Name = name, Type = new OnnxType.Tensor(ElementType.Float32, [new(null, "n")]) });
        var node = new OnnxNode { OpType = "Identity" };
        node.Inputs.Add("x");
        node.Outputs.Add("y");
        model.Graph.Nodes.Add(node);
        model.Metadata.AddRange(metadata.Select(pair => new KeyValuePair<string, string>(pair.Key, pair.Value)));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        OnnxWriter.Write(model, path);
        return path;
    }
}
