using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Roofline;
using Gpux.Onnx;
using Gpux.Onnx.Building;
using static Gpux.ElementType;

namespace Gpux.Benchmarks.Tests.Roofline;

/// <summary>Each number counted by hand.</summary>
public sealed class OperatorCostTests
{
    private const string Microsoft = "com.microsoft";

    private static GraphCost Count(string op, (ElementType Type, long[] Dims)?[] inputs, OnnxAttribute[]? attributes = null, string domain = "", int outputs = 1, int[]? constants = null) =>
        GraphCost.Of(ExampleGraphs.Node(op, inputs, attributes, domain, outputs, constants), new Dictionary<string, Shape>(), op);

    private static (ElementType, long[])? F(params long[] dims) => (Float32, dims);

    private static OnnxAttribute Of(string name, long value) => Attr.Of(name, value);

    public static TheoryData<string, (ElementType, long[])?[], OnnxAttribute[], string, long, long> Products => new()
    {
        { "MatMul", [F(2, 5, 3), F(3, 7)], [], "", 2 * 2 * 5 * 7 * 3, 0 },
        { "MatMul", [F(4, 1, 5, 3), F(6, 3, 7)], [], "", 2 * 4 * 6 * 5 * 7 * 3, 0 },
        { "MatMul", [F(3), F(3)], [], "", 2 * 3, 0 },
        { "MatMul", [F(3), F(2, 3, 5)], [], "", 2 * 2 * 3 * 5, 0 },
        { "FusedMatMul", [F(2, 5, 3), F(7, 3)], [Of("transB", 1)], Microsoft, 2 * 2 * 5 * 7 * 3, 0 },
        { "FusedMatMul", [F(2, 3, 5), F(3, 7)], [Of("transA", 1), Attr.Of("alpha", 0.5f)], Microsoft, 2 * 2 * 5 * 7 * 3, 2 * 5 * 7 },
        { "Gemm", [F(5, 3), F(7, 3), F(7)], [Of("transB", 1)], "", 2 * 5 * 7 * 3, 5 * 7 },
        { "Gemm", [F(3, 5), F(3, 7)], [Of("transA", 1)], "", 2 * 5 * 7 * 3, 0 },
        { "MatMulInteger", [(UInt8, [2, 5, 3]), (UInt8, [3, 7])], [], "", 2 * 2 * 5 * 7 * 3, 0 },
        { "MatMulNBits", [F(2, 5, 64), (UInt8, [7, 2, 16]), F(14)], [Of("K", 64), Of("N", 7), Of("bits", 4), Of("block_size", 32)], Microsoft, 2 * 2 * 5 * 7 * 64, 0 },
        { "QLinearMatMul", [(UInt8, [5, 3]), F(), (UInt8, []), (Int8, [3, 7]), F(), (Int8, []), F(), (UInt8, [])], [], "", 2 * 5 * 7 * 3, 5 * 7 },
        { "Einsum", [F(2, 5, 3), F(2, 7, 3)], [Attr.Of("equation", "bqd,bkd->bqk")], "", 2 * 2 * 5 * 7 * 3, 0 },
        { "Einsum", [F(2, 5, 3), F(7, 3)], [Attr.Of("equation", "...d,kd->...k")], "", 2 * 2 * 5 * 7 * 3, 0 },
        { "Conv", [F(2, 4, 8, 8), F(6, 4, 3, 3), F(6)], [Attr.Of("pads", [1, 1, 1, 1])], "", 2 * (2 * 6 * 8 * 8) * (4 * 3 * 3), 2 * 6 * 8 * 8 },
        { "Conv", [F(2, 4, 9, 9), F(4, 1, 3, 3)], [Of("group", 4), Attr.Of("strides", [2, 2])], "", 2 * (2 * 4 * 4 * 4) * 9, 0 },
        { "Conv", [F(1, 3, 100), F(8, 3, 5)], [Attr.Of("dilations", [2]), Attr.Of("strides", [3])], "", 2 * (8 * 31) * (3 * 5), 0 }, // (100 - 9) / 3 + 1
        { "Conv", [F(1, 3, 7, 7), F(8, 3, 3, 3)], [Attr.Of("auto_pad", "SAME_UPPER"), Attr.Of("strides", [2, 2])], "", 2 * (8 * 4 * 4) * 27, 0 },
        { "ConvTranspose", [F(1, 4, 5, 5), F(4, 6, 2, 2)], [Attr.Of("strides", [2, 2])], "", 2 * (4 * 5 * 5) * (6 * 2 * 2), 0 },
        // batch 2, heads 3, 5 queries, 7 keys, head 4, values 6: scale and mask 2, softmax 5.
        { "Attention", [F(2, 3, 5, 4), F(2, 3, 7, 4), F(2, 3, 7, 6)], [], "", 2 * (2 * 3 * 5 * 7) * (4 + 6), 7 * 2 * 3 * 5 * 7 },
        { "Attention", [F(2, 5, 24), F(2, 7, 12), F(2, 7, 12)], [Of("q_num_heads", 4), Of("kv_num_heads", 2)], "", 2 * (2 * 4 * 5 * 7) * (6 + 6), 7 * 2 * 4 * 5 * 7 },
        // A projection of 8 to 3 x 12, then 3 heads of 4.
        { "Attention", [F(2, 5, 8), F(8, 36), F(36)], [Of("num_heads", 3)], Microsoft, 2 * (2 * 5 * 8 * 36) + 2 * (2 * 3 * 5 * 5) * 8, 7 * 2 * 3 * 5 * 5 },
        { "MultiHeadAttention", [F(2, 5, 12), F(2, 7, 12), F(2, 7, 12)], [Of("num_heads", 3)], Microsoft, 2 * (2 * 3 * 5 * 7) * 8, 7 * 2 * 3 * 5 * 7 },
        { "MultiHeadAttention", [F(2, 1, 12), F(2, 1, 12), F(2, 1, 12), null, null, null, F(2, 3, 9, 4), F(2, 3, 9, 4)], [Of("num_heads", 3)], Microsoft, 2 * (2 * 3 * 1 * 10) * 8, 7 * 2 * 3 * 10 },
        // One token after 9, four heads for queries and two for keys, of 8; turned: 6 heads.
        {
            "GroupQueryAttention", [F(1, 1, 32), F(1, 1, 16), F(1, 1, 16), F(1, 2, 9, 8), F(1, 2, 9, 8), (ElementType.Int32, [1]), (ElementType.Int32, [])],
            [Of("num_heads", 4), Of("kv_num_heads", 2), Of("do_rotary", 1)], Microsoft, 2 * (4 * 10) * 16, 7 * 4 * 10 + 3 * 6 * 8
        },
        {
            "GroupQueryAttention", [F(1, 1, 32), F(1, 1, 16), F(1, 1, 16), F(1, 2, 99, 8), F(1, 2, 99, 8), (ElementType.Int32, [1]), (ElementType.Int32, [])],
            [Of("num_heads", 4), Of("kv_num_heads", 2), Of("local_window_size", 20)], Microsoft, 2 * (4 * 20) * 16, 7 * 4 * 20
        },
        // 5 steps of a batch of 2, both directions, 4 gates of 7 from 3 and 7; 17 operations a state.
        { "LSTM", [F(5, 2, 3), F(2, 28, 3), F(2, 28, 7)], [Of("hidden_size", 7), Attr.Of("direction", "bidirectional")], "", 2 * (5 * 2 * 2 * 7) * 4 * (3 + 7), (5 * 2 * 2 * 7) * 17 },
        { "GRU", [F(5, 2, 3), F(1, 21, 3), F(1, 21, 7)], [Of("hidden_size", 7)], "", 2 * (5 * 2 * 7) * 3 * (3 + 7), (5 * 2 * 7) * 14 },
    };

    [Theory]
    [MemberData(nameof(Products))]
    public void Products_are_counted(string op, (ElementType, long[])?[] inputs, OnnxAttribute[] attributes, string domain, long matrix, long other)
    {
        var cost = Count(op, inputs, attributes, domain);
        Assert.Empty(cost.Uncounted);
        Assert.Equal((matrix, other), (cost.MatrixFlop, cost.Flop - cost.MatrixFlop));
    }

    public static TheoryData<string, (ElementType, long[])?[], OnnxAttribute[], string, long> Others => new()
    {
        { "Add", [F(2, 5, 3), F(3)], [], "", 30 },
        { "Relu", [F(2, 5, 3)], [], "", 30 },
        { "Softmax", [F(2, 5, 3)], [], "", 150 },
        { "LayerNormalization", [F(2, 5, 3), F(3), F(3)], [], "", 210 },
        { "SkipLayerNormalization", [F(2, 5, 3), F(2, 5, 3), F(3), F(3), F(3)], [], Microsoft, 270 },
        { "SkipSimplifiedLayerNormalization", [F(2, 5, 3), F(2, 5, 3), F(3)], [], Microsoft, 150 },
        { "Gelu", [F(2, 5, 3)], [], "", 150 },
        { "BiasGelu", [F(2, 5, 3), F(3)], [], Microsoft, 180 },
        { "FastGelu", [F(2, 5, 3)], [], Microsoft, 270 },
        { "RotaryEmbedding", [F(2, 5, 12), (ElementType.Int64, [2, 5]), F(9, 2), F(9, 2)], [], Microsoft, 360 },
        { "ReduceMean", [F(2, 5, 3)], [], "", 30 },
        { "MaxPool", [F(1, 2, 8, 8)], [Attr.Of("kernel_shape", [2, 2]), Attr.Of("strides", [2, 2])], "", 2 * 4 * 4 * 4 },
        { "GlobalAveragePool", [F(1, 2, 8, 8)], [], "", 128 },
        { "Sum", [F(4), F(4), F(4)], [], "", 8 },
        { "Reshape", [F(6), (ElementType.Int64, [2])], [], "", 0 },
        { "Transpose", [F(2, 3)], [], "", 0 },
        { "Concat", [F(2, 3), F(2, 5)], [Of("axis", 1)], "", 0 },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Other_operators_are_counted(string op, (ElementType, long[])?[] inputs, OnnxAttribute[] attributes, string domain, long flop)
    {
        var cost = Count(op, inputs, attributes, domain);
        Assert.Equal((0, flop), (cost.MatrixFlop, cost.Flop));
    }

    [Fact]
    public void Bytes_are_weights_once_and_activations_each_time()
    {
        var cost = Count("MatMul", [F(2, 5, 3), F(3, 7)], constants: [1]);
        Assert.Equal((3 * 7 * 4, 2 * 5 * (3 + 7) * 4), (cost.WeightBytes, cost.ActivationBytes));
        Assert.Equal(cost.Bytes, cost.CompulsoryBytes); // one node: its activations are the graph's
        Assert.Equal("fp32", Assert.Single(cost.Nodes).Precision);
    }

    [Fact]
    public void Packed_weights_are_as_small_as_they_are()
    {
        var cost = Count("MatMulNBits", [F(1, 64), (UInt8, [7, 2, 16]), F(14)], [Of("K", 64), Of("N", 7), Of("bits", 4), Of("block_size", 32)], Microsoft, constants: [1, 2]);
        Assert.Equal(7 * 2 * 16 + 14 * 4, cost.WeightBytes);
    }

    [Fact]
    public void Of_a_table_only_the_rows_that_are_picked()
    {
        var cost = Count("Gather", [F(30522, 768), (ElementType.Int64, [2, 5])], constants: [0]);
        Assert.Equal(10 * 768 * 4, cost.WeightBytes);
        Assert.Equal(10 * 8 + 10 * 768 * 4, cost.ActivationBytes);
    }

    [Fact]
    public void Views_move_nothing() => Assert.Equal(0, Count("Flatten", [F(2, 3, 4)]).Bytes);

    [Fact]
    public void What_is_not_known_is_listed()
    {
        var unknown = Assert.Single(Count("Wonder", [F(2)], domain: "com.example").Uncounted);
        Assert.Equal(("com.example.Wonder", 1, 1.0, "the operator is not known"), (unknown.Operator, unknown.Nodes, unknown.NodeShare, unknown.Reason));
        var late = Assert.Single(Count("NonZero", [F(2, 3)]).Uncounted);
        Assert.Equal(("NonZero", "its extents are known only when it runs"), (late.Operator, late.Reason));
        Assert.Equal("Bernoulli", Assert.Single(Count("Bernoulli", [F(2, 3)]).Uncounted).Operator);
    }

    [Theory]
    [InlineData("MatMul")] // extents that do not fit
    [InlineData("Gather")] // no such axis
    [InlineData("Conv")] // ranks too small
    [InlineData("Split")] [InlineData("Einsum")] [InlineData("LSTM")] [InlineData("GridSample")] [InlineData("Transpose")] [InlineData("If")] [InlineData("Loop")] [InlineData("Scan")] [InlineData("DepthToSpace")]
    [InlineData("TopK")] [InlineData("MaxPool")] [InlineData("Concat")] [InlineData("OneHot")] [InlineData("Attention")] [InlineData("Pad")] [InlineData("Slice")] [InlineData("Resize")]
    public void What_does_not_fit_is_a_typed_error(string op)
    {
        foreach (var dims in (long[][])[[], [0], [2], [3, 2], [long.MaxValue], [1 << 30, 1 << 30, 1 << 30], [2, 3, 4, 5, 6]])
        {
            foreach (var count in (int[])[0, 1, 2, 3])
            {
                OnnxAttribute[] attributes = [Of("axis", 7), Attr.Of("perm", [9]), Attr.Of("equation", "ab,c->"), Attr.Of("strides", [0]), Attr.Of("pads", [1]), Attr.Of("kernel_shape", [-3]), Attr.Of("axes", [99]), Attr.Of("scan_input_axes", [5])];
                try
                {
                    _ = Count(op, [.. Enumerable.Repeat<(ElementType, long[])?>((Float32, dims), count)], attributes);
                }
                catch (GraphCostException refused)
                {
                    Assert.Equal(ErrorCode.GraphCost, refused.Code);
                }
                catch (OverflowException)
                {
                    Assert.Fail($"{op} [{string.Join(',', dims)}] x {count}");
                }
            }
        }
    }

    [Fact]
    public void Bound_is_the_slower_of_arithmetic_and_memory()
    {
        var machine = new HardwarePlatform("m", HardwareKind.Cpu) { MemoryBytesPerSecond = 1000, Peaks = [new("fp32", 10_000, "measured"), new("int8", 40_000, "measured")] };
        var bound = RooflineBound.Of(Count("MatMul", [F(10, 10), F(10, 10)]), machine)!; // the machine is known
        Assert.Equal((TimeSpan.FromSeconds(0.2), TimeSpan.FromSeconds(1.2)), (bound.ComputeTime, bound.MemoryTime));
        Assert.True(bound.IsMemoryBound);
        Assert.Equal(0.5, bound.Share(1 / 2.4), 12);
        // Whole numbers at their own peak; of a precision that is not known, the fastest.
        Assert.Equal(TimeSpan.FromSeconds(0.05), RooflineBound.Of(Count("MatMulInteger", [(UInt8, [10, 10]), (UInt8, [10, 10])]), machine)!.ComputeTime);
        Assert.Equal(TimeSpan.FromSeconds(0.05), RooflineBound.Of(Count("MatMul", [(Float16, [10, 10]), (Float16, [10, 10])]), machine)!.ComputeTime);
        Assert.Null(RooflineBound.Of(Count("Relu", [F(1)]), machine with { MemoryBytesPerSecond = null }));
        Assert.Equal(TimeSpan.FromSeconds(1.2), Assert.Single(RooflineBound.PerNode(Count("MatMul", [F(10, 10), F(10, 10)]), machine)!).Bound.Least);
    }
}
