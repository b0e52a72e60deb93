namespace Gpux.Benchmarks.Roofline;

/// <summary>The extents of an attention, whichever of the operators says it.</summary>
/// <remarks>Source: Attention of ai.onnx 23 to 25; Attention, MultiHeadAttention and GroupQueryAttention of com.microsoft in ONNX Runtime 1.30.</remarks>
/// <param name="Keys">All keys, those of the past included.</param>
/// <param name="Window">How many keys a query sees at most; <see cref="long.MaxValue"/> for all.</param>
/// <param name="Projected">Multiply-adds that the operator spends on making queries, keys and values from its input.</param>
/// <param name="Rotated">Elements that it turns by their position.</param>
internal sealed record AttentionShape(
    long Batch, long QueryHeads, long KeyHeads, long Queries, long Keys, long HeadSize, long ValueHeadSize, long Window, long Projected, long Rotated, long[] Output)
{
    private long Scores => Extent.Times(Extent.Times(Batch, QueryHeads), Extent.Times(Queries, Keys == Extent.Unknown ? Keys : Math.Min(Keys, Window)));

    /// <summary>Q K^T and its product with V, all keys of the window counted for every query: what a causal mask hides is not taken off.</summary>
    public long MatrixFlop => checked(2 * (Scores * (HeadSize + ValueHeadSize) + Projected));

    /// <summary>Scaling, mask and softmax of the scores, and turning.</summary>
    public long OtherFlop => checked(Scores * (2 + OperatorCosts.SoftmaxFlop) + Rotated * 3);

    public bool IsKnown => Scores != Extent.Unknown && HeadSize >= 0 && ValueHeadSize >= 0 && Projected >= 0 && Rotated >= 0;

    /// <returns>Null for a form that this does not know.</returns>
    public static AttentionShape? Of(Operation op) => (op.Type, op.IsStandard) switch
    {
        ("Attention", true) => Standard(op),
        ("Attention", false) => FromInput(op),
        ("MultiHeadAttention", _) => MultiHead(op),
        ("GroupQueryAttention", _) => GroupQuery(op),
        _ => null,
    };

    public KnownTensor[] Results(Operation op)
    {
        var type = op.Input(0).Type;
        KnownTensor output = new(type, Output);
        KnownTensor keys = new(type, [Batch, KeyHeads, Keys, HeadSize]);
        KnownTensor values = new(type, [Batch, KeyHeads, Keys, ValueHeadSize]);
        KnownTensor scores = new(type, [Batch, QueryHeads, Queries, Keys]);
        // The first operator returns keys and values as one tensor.
        return op.Type == "Attention" && !op.IsStandard ? [output, new(type, [2, Batch, KeyHeads, Keys, HeadSize])] : [output, keys, values, scores];
    }

    private static AttentionShape Standard(Operation op)
    {
        var (query, key, value) = (op.Input(0), op.Input(1), op.Input(2));
        var past = op.Optional(4)?.Dims is { Length: 4 } dims ? dims[2] : 0;
        if (query.Dims!.Length == 4) // ranks are known
        {
            return new AttentionShape(query.Dim(0), query.Dim(1), key.Dim(1), query.Dim(2), Extent.Plus(past, key.Dim(2)), query.Dim(3), value.Dim(3),
                Sees(op), 0, 0, [query.Dim(0), query.Dim(1), query.Dim(2), value.Dim(3)]);
        }
        var (heads, keyHeads) = (Heads(op, "q_num_heads"), Heads(op, "kv_num_heads"));
        var (size, valueSize) = (Part(query.Dim(2), heads), Part(value.Dim(2), keyHeads));
        return new AttentionShape(query.Dim(0), heads, keyHeads, query.Dim(1), Extent.Plus(past, key.Dim(1)), size, valueSize, Sees(op), 0, 0,
            [query.Dim(0), query.Dim(1), Extent.Times(heads, valueSize)]);
    }

    // Version 25: a query sees so many keys before itself, itself, and so many after it.
    private static long Sees(Operation op)
    {
        var (left, right) = (op.Int("left_window_size", -1), op.Int("right_window_size", -1));
        return left >= 0 && (right >= 0 || op.Int("is_causal") != 0) ? checked(left + 1 + Math.Max(0, right)) : long.MaxValue;
    }

    // com.microsoft.Attention makes queries, keys and values of one input by one matrix.
    private static AttentionShape FromInput(Operation op)
    {
        var (input, weights, heads) = (op.Input(0), op.Input(1), Heads(op, "num_heads"));
        var sizes = op.Ints("qkv_hidden_sizes");
        var hidden = sizes is null ? Part(weights.Dim(1), 3) : sizes[0];
        var valueHidden = sizes is null ? hidden : sizes[2];
        var past = op.Optional(4)?.Dims is { Length: 5 } dims ? dims[3] : 0;
        var projected = Extent.Times(Extent.Times(input.Dim(0), input.Dim(1)), Extent.Times(input.Dim(2), weights.Dim(1)));
        return new AttentionShape(input.Dim(0), heads, heads, input.Dim(1), Extent.Plus(past, input.Dim(1)), Part(hidden, heads), Part(valueHidden, heads),
            long.MaxValue, projected, 0, [input.Dim(0), input.Dim(1), valueHidden]);
    }

    private static AttentionShape MultiHead(Operation op)
    {
        var (query, heads) = (op.Input(0), Heads(op, "num_heads"));
        var (key, value) = (op.Optional(1), op.Optional(2));
        var past = op.Optional(6)?.Dims is { Length: 4 } dims ? dims[2] : 0;
        if (query.Dims!.Length == 5) // [batch, tokens, heads, 3, size]; ranks are known
        {
            return new AttentionShape(query.Dim(0), heads, heads, query.Dim(1), Extent.Plus(past, query.Dim(1)), query.Dim(4), query.Dim(4), long.MaxValue, 0, 0,
                [query.Dim(0), query.Dim(1), Extent.Times(heads, query.Dim(4))]);
        }
        var size = Part(query.Dim(2), heads);
        var (keys, valueSize) = (key?.Dims, value?.Dims) switch
        {
            ({ Length: 5 } packed, _) => (packed[1], packed[4]),
            ({ Length: 4 } cross, { Length: 4 } values) => (cross[2], values[3]),
            ({ Length: 3 } flat, { Length: 3 } values) => (flat[1], Part(values[2], heads)),
            _ => throw new ArgumentException("its keys and values have no form that it takes"),
        };
        return new AttentionShape(query.Dim(0), heads, heads, query.Dim(1), Extent.Plus(past, keys), size, valueSize, long.MaxValue, 0, 0,
            [query.Dim(0), query.Dim(1), Extent.Times(heads, valueSize)]);
    }

    private static AttentionShape GroupQuery(Operation op)
    {
        var (query, heads, keyHeads) = (op.Input(0), Heads(op, "num_heads"), Heads(op, "kv_num_heads"));
        // Without keys, the queries hold them too.
        var size = op.Optional(1) is null ? Part(query.Dim(2), checked(heads + 2 * keyHeads)) : Part(query.Dim(2), heads);
        var tokens = query.Dim(1);
        var past = op.Optional(3)?.Dims is { Length: 4 } dims ? dims[2] : 0;
        // A cache that the caller shares is longer than what is in it, which total_sequence_length says.
        var keys = op.Integers(6) is [var total] ? total : Extent.Plus(past, tokens);
        var rotated = op.Int("do_rotary") != 0 ? Extent.Times(Extent.Times(query.Dim(0), tokens), Extent.Times(checked(heads + keyHeads), size)) : 0;
        return new AttentionShape(query.Dim(0), heads, keyHeads, tokens, keys, size, size, op.Int("local_window_size", -1) is > 0 and var window ? window : long.MaxValue,
            0, rotated, [query.Dim(0), tokens, Extent.Times(heads, size)]);
    }

    private static long Heads(Operation op, string attribute) =>
        op.Int(attribute) is > 0 and var heads ? heads : throw new ArgumentException($"it lacks {attribute}");

    private static long Part(long whole, long parts) => whole == Extent.Unknown ? whole : whole / parts;
}
