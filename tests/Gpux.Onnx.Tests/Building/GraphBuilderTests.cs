using Gpux.Onnx.Building;

namespace Gpux.Onnx.Tests.Building;

public sealed class GraphBuilderTests
{
    private readonly GraphBuilder _graph = new("test", GraphTarget.Cpu);

    [Fact]
    public void Nodes_and_weights_that_reach_no_output_are_left_out()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 4);
        var unused = _graph.Weight("unused", "head", ElementType.Float32, new Shape(4), new ExternalData("w", 0, null));
        _ = (x + unused).Tanh();

        _graph.Output("y", x.Relu());

        var graph = _graph.ToModel().Graph;
        Assert.Equal(["Relu"], graph.Nodes.Select(node => node.OpType));
        Assert.Empty(graph.Initializers);
    }

    [Fact]
    public void Nodes_are_named_after_the_module_of_their_weight()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 4);
        var weight = _graph.Weight("encoder.query.weight", "encoder.query", ElementType.Float32, new Shape(4, 4), new ExternalData("w", 0, null));

        _graph.Output("y", x.MatMulTransposed(weight).Relu());

        Assert.Equal(["/encoder.query/FusedMatMul", "/encoder.query/Relu"], _graph.ToModel().Graph.Nodes.Select(node => node.Name));
    }

    [Fact]
    public void What_is_made_of_weights_and_constants_alone_is_constant()
    {
        var x = _graph.Input("x", ElementType.Float32, 4, 4);
        var weight = _graph.Weight("weight", "", ElementType.Float32, new Shape(4, 4), new ExternalData("w", 0, null));

        Assert.True((weight.Tanh() * 2).Transpose(1, 0).IsConstant);
        Assert.False(x.IsConstant);
        Assert.False((weight + x).IsConstant);
        Assert.False(x.Shape().IsConstant); // known only when it runs, as of most inputs
    }

    [Fact]
    public void An_output_that_is_used_inside_keeps_its_users()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 4);
        var hidden = x.Relu();
        var logits = hidden.Tanh();

        _graph.Output("hidden", hidden);
        _graph.Output("logits", logits);

        var nodes = _graph.ToModel().Graph.Nodes;
        Assert.Equal(["hidden"], nodes[0].Outputs);
        Assert.Equal(["hidden"], nodes[1].Inputs);
        Assert.Equal(["logits"], nodes[1].Outputs);
    }

    [Fact]
    public void The_same_value_can_be_two_outputs_and_an_input_can_be_one()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 4);
        var hidden = x.Relu();

        _graph.Output("first", hidden);
        _graph.Output("second", hidden);
        _graph.Output("third", x);

        Assert.Equal(["first", "second", "third"], _graph.ToModel().Graph.Outputs.Select(output => output.Name));
        Assert.Equal(2, _graph.ToModel().Graph.Nodes.Count(node => node.OpType == "Identity"));
    }

    [Fact]
    public void Equal_constants_are_stored_once()
    {
        var x = _graph.Input("x", ElementType.Float32, "batch", 4);

        _graph.Output("y", (x * 0.5f + 0.5f).Reshape(Dim.Rest, 2).Reshape(Dim.Rest, 2));

        Assert.Equal(2, _graph.ToModel().Graph.Initializers.Count);
    }

    [Fact]
    public void Operator_sets_are_those_that_the_nodes_need()
    {
        var portable = new GraphBuilder("test", GraphTarget.Portable);
        portable.Output("y", portable.Input("x", ElementType.Float32, 4).Relu());
        var weight = _graph.Weight("w", "", ElementType.Float32, new Shape(4, 4), new ExternalData("w", 0, null));
        _graph.Output("y", _graph.Input("x", ElementType.Float32, 1, 4).MatMulTransposed(weight));

        Assert.Equal([new OperatorSet("", 21)], portable.ToModel().OperatorSets);
        Assert.Equal([new OperatorSet("", 23), new OperatorSet("com.microsoft", 1)], _graph.ToModel().OperatorSets);
    }
}
