using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Benchmarks.Tests.Roofline;

/// <summary>Graphs for tests, whose weights are named but not there: nothing is computed.</summary>
internal static class ExampleGraphs
{
    /// <summary>A graph of one node.</summary>
    /// <param name="inputs">Types and shapes; null for one that is left out.</param>
    /// <param name="constants">Which of them are weights.</param>
    public static OnnxModel Node(string op, (ElementType Type, long[] Dims)?[] inputs, OnnxAttribute[]? attributes = null, string domain = "", int outputs = 1, int[]? constants = null, int opset = 21)
    {
        var model = new OnnxModel { IrVersion = 10 };
        model.OperatorSets.Add(new OperatorSet("", opset));
        model.OperatorSets.Add(new OperatorSet("com.microsoft", 1));
        var node = new OnnxNode { OpType = op, Domain = domain, Name = op };
        foreach (var (i, input) in inputs.Index())
        {
            node.Inputs.Add(input is null ? "" : $"in{i}");
            if (input is not var (type, dims))
                continue;
            if (constants?.Contains(i) == true)
                model.Graph.Initializers.Add(new OnnxTensor { Name = $"in{i}", ElementType = type, Dimensions = dims, External = new ExternalData("weights", 0, null) });
            else
                model.Graph.Inputs.Add(new OnnxValueInfo { Name = $"in{i}", Type = new OnnxType.Tensor(type, [.. dims.Select(dim => new OnnxDimension(dim, null))]) });
        }
        for (var i = 0; i < outputs; i++)
        {
            node.Outputs.Add($"out{i}");
            model.Graph.Outputs.Add(new OnnxValueInfo { Name = $"out{i}" });
        }
        node.Attributes.AddRange(attributes ?? []);
        model.Graph.Nodes.Add(node);
        return model;
    }

    /// <summary>An encoder with the shape of BERT-base: 12 layers, hidden size 768, 12 heads, 3072 inside.</summary>
    public static OnnxModel Encoder(int layers = 12, int hidden = 768, int heads = 12, int inner = 3072, GraphTarget target = GraphTarget.Cpu)
    {
        var graph = new GraphBuilder("encoder", target);
        Value Weight(string name, params long[] dims) => graph.Weight(name, "", ElementType.Float32, new Shape(dims), new ExternalData("weights", 0, null));
        Value Linear(Value x, string name, int from, int to) => x.MatMulTransposed(Weight($"{name}.weight", to, from)) + Weight($"{name}.bias", to);
        Value Norm(Value x, string name) => x.LayerNormalization(Weight($"{name}.weight", hidden), Weight($"{name}.bias", hidden), 1e-12f);
        var ids = graph.Input("input_ids", ElementType.Int64, "batch", "sequence");
        var x = Norm(Weight("words", 30522, hidden).Gather(ids), "embeddings");
        for (var i = 0; i < layers; i++)
        {
            var layer = i;
            Value Heads(string name) => Linear(x, $"{layer}.{name}", hidden, hidden).Reshape(Dim.Same, Dim.Same, heads, hidden / heads).Transpose(0, 2, 1, 3);
            var context = Heads("query").Attention(Heads("key"), Heads("value"), null, 0.125f).Transpose(0, 2, 1, 3).Reshape(Dim.Same, Dim.Same, hidden);
            x = Norm(x + Linear(context, $"{layer}.output", hidden, hidden), $"{layer}.norm1");
            x = Norm(x + Linear(Linear(x, $"{layer}.inner", hidden, inner).Gelu(), $"{layer}.outer", inner, hidden), $"{layer}.norm2");
        }
        graph.Output("last_hidden_state", x);
        return graph.ToModel();
    }

    public static Dictionary<string, Shape> EncoderInputs(long batch, long tokens) => new() { ["input_ids"] = new Shape(batch, tokens) };
}
