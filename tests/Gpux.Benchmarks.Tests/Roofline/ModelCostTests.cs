using System.Text.Json;
using Gpux.Benchmarks.Roofline;
using Gpux.Conversion;
using Gpux.Onnx;
using Gpux.Onnx.Building;

namespace Gpux.Benchmarks.Tests.Roofline;

/// <summary>Whole models against the formulas that people write down for them.</summary>
public sealed class ModelCostTests
{
    private static OnnxModel Convert(string model, GraphTarget target) =>
        Converter.Plan(ModelFiles.InFolder(Corpus.PathOf("models", model, "repo")), new ConversionOptions(target)).Model;

    private static GraphCost Count(OnnxModel model, Func<string, long?> extents) => GraphCost.Of(model, model.Graph.Inputs.ToDictionary(input => input.Name,
        input => new Shape([.. ((OnnxType.Tensor)input.Type!).Dimensions!.Select(dim => dim.Value ?? extents(dim.Symbol!)!.Value)])), "model"); // converted graphs declare all

    [Theory]
    [InlineData(1, 128, GraphTarget.Cpu), InlineData(8, 512, GraphTarget.Cpu)]
    public void Encoder_of_the_size_of_bert_base(long batch, long tokens, GraphTarget target)
    {
        var cost = GraphCost.Of(ExampleGraphs.Encoder(target: target), ExampleGraphs.EncoderInputs(batch, tokens), "encoder");
        Assert.Empty(cost.Uncounted);
        // 24 S h^2 + 4 S^2 h a layer.
        var formula = 12 * batch * (24 * tokens * 768 * 768 + 4 * tokens * tokens * 768);
        Assert.Equal(formula, cost.MatrixFlop);
        Assert.InRange((double)cost.Flop / formula, 1, 1.01); // all the rest is less than 1 %
        // 12 layers of 7,087,872 parameters, the embeddings' normalisation, and the rows that are picked.
        Assert.Equal((12 * 7_087_872 + 2 * 768 + batch * tokens * 768) * 4, cost.WeightBytes);
    }

    [Theory]
    [InlineData(GraphTarget.Cpu), InlineData(GraphTarget.Portable)]
    public void Bert(GraphTarget target)
    {
        const long B = 3, S = 17, H = 24, Inner = 32, Labels = 3;
        var cost = Count(Convert("bert-seqcls", target), symbol => symbol.Contains("batch", StringComparison.Ordinal) ? B : S);
        Assert.Empty(cost.Uncounted);
        Assert.Equal(B * (8 * S * H * H + 4 * S * H * Inner + 4 * S * S * H + 2 * H * H + 2 * H * Labels), cost.MatrixFlop);
    }

    [Theory]
    [InlineData(GraphTarget.Cpu), InlineData(GraphTarget.Portable)]
    public void Vit(GraphTarget target)
    {
        const long B = 2, Side = 32, Patch = 8, H = 32, Inner = 48, Layers = 2, Labels = 5;
        const long Patches = Side / Patch * (Side / Patch), S = Patches + 1;
        var cost = Count(Convert("vit-image-classification", target), symbol => symbol.Contains("batch", StringComparison.Ordinal) ? B : Side);
        Assert.Empty(cost.Uncounted);
        Assert.Equal(B * (2 * Patches * H * 3 * Patch * Patch + Layers * (8 * S * H * H + 4 * S * H * Inner + 4 * S * S * H) + 2 * H * Labels), cost.MatrixFlop);
    }

    [Theory]
    [InlineData(1, 0, 12, GraphTarget.Cpu), InlineData(2, 0, 30, GraphTarget.Portable)] // prefill
    [InlineData(1, 29, 1, GraphTarget.Cpu), InlineData(2, 17, 1, GraphTarget.Portable)] // a token after others
    public void Gpt2(long batch, long past, long tokens, GraphTarget target)
    {
        const long H = 24, Layers = 2, Words = 61;
        var model = Convert("gpt2", target);
        var cost = Count(model, symbol => symbol.Contains("batch", StringComparison.Ordinal) ? batch
            : symbol.Contains("past", StringComparison.Ordinal) ? symbol.Contains('+', StringComparison.Ordinal) || symbol.Contains("total", StringComparison.Ordinal) ? past + tokens : past : tokens);
        Assert.Empty(cost.Uncounted);
        Assert.Equal(batch * (Layers * (24 * tokens * H * H + 4 * tokens * (past + tokens) * H) + 2 * tokens * H * Words), cost.MatrixFlop);
    }

    [Theory]
    [InlineData(GraphTarget.Cpu), InlineData(GraphTarget.Portable)]
    public void ResNet(GraphTarget target)
    {
        const long Batch = 2, Side = 64;
        var cost = Count(Convert("resnet-image-classification", target), symbol => symbol.Contains("batch", StringComparison.Ordinal) ? Batch : Side);
        Assert.Empty(cost.Uncounted);
        // Bottlenecks: 1x1, 3x3 with the stride, 1x1, a quarter of the channels inside; a 1x1 shortcut where shape or stride changes.
        var (side, channels) = (Side / 2, 8L);
        var flop = 2 * side * side * 8 * 3 * 49;
        side /= 2; // pooled
        (int, long)[] stages = [(1, 12), (2, 16), (1, 24), (1, 32)];
        foreach (var (stage, (depth, wide)) in stages.Index())
        {
            for (var block = 0; block < depth; block++)
            {
                var (stride, inside) = (stage > 0 && block == 0 ? 2 : 1, wide / 4);
                var after = side / stride;
                if (channels != wide || stride > 1)
                    flop += 2 * after * after * wide * channels;
                flop += 2 * side * side * inside * channels + 2 * after * after * inside * inside * 9 + 2 * after * after * wide * inside;
                (side, channels) = (after, wide);
            }
        }
        flop += 2 * 32 * 5;
        Assert.Equal(Batch * flop, cost.MatrixFlop);
    }

    [Fact]
    public void Portable_and_fused_graphs_cost_the_same()
    {
        foreach (var model in (string[])["wav2vec2-frame-classification", "xlnet-seqcls", "convbert-seqcls"])
        {
            long? Extent(string symbol) => symbol.Contains("batch", StringComparison.Ordinal) ? 1 : model.StartsWith("wav2vec", StringComparison.Ordinal) ? 400 : 12;
            var (fused, portable) = (Count(Convert(model, GraphTarget.Cpu), Extent), Count(Convert(model, GraphTarget.Portable), Extent));
            Assert.Empty(fused.Uncounted);
            Assert.Empty(portable.Uncounted);
            Assert.True(fused.MatrixFlop == portable.MatrixFlop, $"{model}: {fused.MatrixFlop} and {portable.MatrixFlop}");
        }
    }

    // Extents by guess do not fit every model; an operator without a rule shows all the same.
    [Fact]
    [Trait("Category", "Slow")]
    public void Every_operator_that_the_converter_writes_has_a_rule()
    {
        List<string> unknown = [];
        var counted = 0;
        foreach (var name in Corpus.Cases("models"))
        {
            foreach (var target in (GraphTarget[])[GraphTarget.Cpu, GraphTarget.Portable])
            {
                try
                {
                    var cost = Count(Convert(name, target), symbol => symbol.Contains("batch", StringComparison.Ordinal) ? 2 : symbol is "height" or "width" ? 64 : 16);
                    counted++;
                    unknown.AddRange(cost.Uncounted.Select(each => $"{name}, {target}: {each.Operator}, {each.Nodes}: {each.Reason}"));
                }
                catch (GpuxException)
                {
                    // The extents do not fit, or it is a model that is refused.
                }
            }
        }
        Assert.True(counted > 0);
        Assert.True(unknown.Count == 0, string.Join('\n', unknown));
    }

    // Other exporters say shapes by chains of small integers, functions and branches.
    [Fact]
    public void Graphs_of_other_exporters_are_counted()
    {
        foreach (var name in Corpus.Cases("graphs").Where(name => name.StartsWith("onnx-", StringComparison.Ordinal)))
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Corpus.PathOf("graphs", name, "case.json")));
            if (!json.RootElement.TryGetProperty("file", out var file) || !json.RootElement.TryGetProperty("inputs", out var inputs)
                || inputs.ValueKind != JsonValueKind.Array || inputs.EnumerateArray().Any(input => input.ValueKind != JsonValueKind.Object || !input.TryGetProperty("shape", out var dims) || dims.EnumerateArray().Any(dim => dim.ValueKind != JsonValueKind.Number)))
                continue;
            var path = Corpus.PathOf("graphs", name, "repo", file.GetString()!); // files have names
            using var model = OnnxReader.Open(path);
            var shapes = inputs.EnumerateArray().ToDictionary(input => input.GetProperty("name").GetString()!, input => new Shape([.. input.GetProperty("shape").EnumerateArray().Select(dim => dim.GetInt64())])); // inputs have names
            var cost = GraphCost.Of(model.Model, shapes, name);
            Assert.True(cost.Uncounted.Count == 0, $"{name}: {string.Join(", ", cost.Uncounted)}");
            Assert.True(cost.Flop > 0, name);
        }
    }

    [Fact]
    public void Missing_and_wrong_shapes_are_refused_by_name()
    {
        var model = ExampleGraphs.Encoder(layers: 1);
        Assert.Contains("'input_ids'", Assert.Throws<GraphCostException>(() => GraphCost.Of(model, new Dictionary<string, Shape>(), "m")).Message, StringComparison.Ordinal);
        Assert.Contains("no shape for the input 'input_ids'", Assert.Throws<GraphCostException>(() => GraphCost.Of(model, new Dictionary<string, Shape> { ["input_ids"] = new Shape(1) }, "m")).Message, StringComparison.Ordinal);
        Assert.Contains("there is no input 'ids'", Assert.Throws<GraphCostException>(() => GraphCost.Of(model, new Dictionary<string, Shape> { ["ids"] = new Shape(1), ["input_ids"] = new Shape(1, 1) }, "m")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weight_under_two_names_is_read_once()
    {
        var graph = new GraphBuilder("tied", GraphTarget.Portable);
        var words = graph.Weight("words", "", ElementType.Float32, new Shape(10, 10), new ExternalData("weights", 0, null));
        var x = graph.Input("x", ElementType.Float32, 3, 10);
        graph.Output("y", x.MatMul(words).MatMul(graph.Node("Identity", [words], ElementType.Float32, words.Dims)));
        var cost = Count(graph.ToModel(), _ => null);
        Assert.Equal((10 * 10 * 4, 2), (cost.WeightBytes, cost.Nodes.Count));
        Assert.Equal(2 * 2 * 3 * 10 * 10, cost.MatrixFlop);
    }

    [Fact]
    public void Loops_count_each_turn_and_branches_the_costlier_one()
    {
        var model = new OnnxModel { IrVersion = 10 };
        model.OperatorSets.Add(new OperatorSet("", 21));
        OnnxValueInfo Info(string name, ElementType type, params long[] dims) => new() { Name = name, Type = new OnnxType.Tensor(type, [.. dims.Select(dim => new OnnxDimension(dim, null))]) };
        model.Graph.Inputs.Add(Info("x", ElementType.Float32, 4, 4));
        model.Graph.Inputs.Add(Info("yes", ElementType.Bool));
        model.Graph.Initializers.Add(new OnnxTensor { Name = "turns", ElementType = ElementType.Int64, Dimensions = [], Data = BitConverter.GetBytes(10L) });
        var body = new OnnxGraph();
        body.Inputs.AddRange([Info("i", ElementType.Int64), Info("go", ElementType.Bool), Info("state", ElementType.Float32, 4, 4)]);
        body.Outputs.AddRange([Info("go2", ElementType.Bool), Info("next", ElementType.Float32, 4, 4)]);
        body.Nodes.Add(Node("Identity", ["go"], ["go2"]));
        body.Nodes.Add(Node("MatMul", ["state", "x"], ["next"]));
        var loop = Node("Loop", ["turns", "", "x"], ["y"]);
        loop.Attributes.Add(new OnnxAttribute { Name = "body", Kind = AttributeKind.Graph, Graph = body });
        model.Graph.Nodes.Add(loop);
        OnnxGraph Branch(string op, string[] inputs)
        {
            var branch = new OnnxGraph();
            branch.Nodes.Add(Node(op, inputs, [$"{op}_result"]));
            branch.Outputs.Add(Info($"{op}_result", ElementType.Float32, 4, 4));
            return branch;
        }
        var choice = Node("If", ["yes"], ["z"]);
        choice.Attributes.Add(new OnnxAttribute { Name = "then_branch", Kind = AttributeKind.Graph, Graph = Branch("Relu", ["y"]) });
        choice.Attributes.Add(new OnnxAttribute { Name = "else_branch", Kind = AttributeKind.Graph, Graph = Branch("MatMul", ["y", "y"]) });
        model.Graph.Nodes.Add(choice);
        model.Graph.Outputs.Add(Info("z", ElementType.Float32, 4, 4));

        var cost = GraphCost.Of(model, new Dictionary<string, Shape>(), "m");
        Assert.Empty(cost.Uncounted);
        Assert.Equal(11 * 2 * 4 * 4 * 4, cost.MatrixFlop);
        Assert.Equal(["z takes the branch that costs more"], cost.Assumptions);
    }

    private static OnnxNode Node(string op, string[] inputs, string[] outputs)
    {
        var node = new OnnxNode { OpType = op };
        node.Inputs.AddRange(inputs);
        node.Outputs.AddRange(outputs);
        return node;
    }
}
