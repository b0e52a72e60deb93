using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What a text encoder is given, each input declared when it is first asked for. B = batch, S = tokens.</summary>
internal sealed class TextInputs
{
    private readonly GraphBuilder _graph;
    private readonly Dim[] _shape;

    private TextInputs(GraphBuilder graph, params Dim[] shape)
    {
        _graph = graph;
        _shape = shape;
        Ids = Tokens("input_ids");
    }

    /// <summary>One text a row.</summary>
    /// <param name="rows">The symbol of their number, where the graph counts other things as well.</param>
    public static TextInputs Rows(GraphBuilder graph, string rows = "batch_size") => new(graph, rows, "sequence_length");

    /// <summary>Several choices a row, which become as many rows; <see cref="TaskHeads.AsChoices"/> brings their scores together again.</summary>
    public static TextInputs Choices(GraphBuilder graph) => new(graph, "batch_size", "num_choices", "sequence_length");

    /// <summary>int64 [B, S].</summary>
    public Value Ids { get; }

    /// <summary>int64 [B, S]: 1 for tokens, 0 for padding.</summary>
    public Value Attended => field ??= Tokens("attention_mask");

    /// <summary>Whether rows are choices: <see cref="Choices"/>.</summary>
    public bool HasChoices => _shape.Length > 2;

    /// <summary>The extent S.</summary>
    public Dim Length => Ids.Dim(1);

    /// <summary>One more number for each token: [B, S], or [B, S, <paramref name="width"/>].</summary>
    public Value Tokens(string name, int? width = null, ElementType type = ElementType.Int64)
    {
        Dim[] last = width is { } numbers ? [numbers] : [];
        var input = _graph.Input(name, type, [.. _shape, .. last]);
        return _shape.Length == 2 ? input : input.Reshape([Dim.Rest, _shape[^1], .. last]);
    }
}
