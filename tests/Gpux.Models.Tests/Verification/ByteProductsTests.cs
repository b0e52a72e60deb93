using Gpux.Models.Verification;
using Gpux.Onnx;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests.Verification;

public sealed class ByteProductsTests
{
    private const int Length = 4;

    [Fact]
    public void Exact_products_are_those_of_integers() => Assert.Equal(Expected(saturates: false), Run(saturates: false));

    /// <summary>255 · 127 + 255 · 127 is 64,770, and 32,767 is as much as 16 bits hold.</summary>
    [Fact]
    public void Sums_of_two_neighbours_saturate()
    {
        Assert.Equal(Expected(saturates: true), Run(saturates: true));
        Assert.NotEqual(Expected(saturates: true), Expected(saturates: false));
    }

    [Fact]
    public void Graphs_without_such_products_are_left_alone()
    {
        Assert.Null(ByteProducts.WriteOut(Graph(ElementType.UInt8), saturates: true)); // these do not saturate
        Assert.Null(ByteProducts.WriteOut(Graph(ElementType.Int8, "Identity"), saturates: true));
    }

    private static byte[] A => [255, 255, 3, 200, 10, 0, 255, 1];

    private static sbyte[] B => [127, -128, 127, -128, 5, 7, -9, 100];

    // Rows of four by columns of two, less the zero points 7 and -3.
    private static int[] Expected(bool saturates)
    {
        var sums = new int[4];
        for (var row = 0; row < 2; row++)
        {
            for (var column = 0; column < 2; column++)
            {
                var sum = 0;
                for (var k = 0; k < Length; k += 2)
                {
                    var pair = Product(k) + Product(k + 1);
                    sum += saturates ? Math.Clamp(pair, short.MinValue, short.MaxValue) : pair;
                }
                // What the zero points take away is exact in both.
                for (var k = 0; k < Length; k++)
                    sum += (A[row * Length + k] - 7) * (B[k * 2 + column] + 3) - Product(k);
                sums[row * 2 + column] = sum;

                int Product(int k) => A[row * Length + k] * B[k * 2 + column];
            }
        }
        return sums;
    }

    private static int[] Run(bool saturates)
    {
        using var session = InferenceSession.Open(Assert.IsType<byte[]>(ByteProducts.WriteOut(Graph(ElementType.Int8), saturates)));
        using var outputs = session.Run(new Dictionary<string, Tensor> { ["a"] = Tensor.Of<byte>(A, new Shape(2, Length)) });
        return outputs["y"].AsSpan<int>().ToArray();
    }

    private static byte[] Graph(ElementType weights, string type = "MatMulInteger")
    {
        var model = new OnnxModel { IrVersion = 8 };
        model.OperatorSets.Add(new OperatorSet("", 17));
        var node = new OnnxNode { OpType = type };
        node.Inputs.AddRange(["a", "b", "za", "zb"]);
        node.Outputs.Add("y");
        model.Graph.Name = "products";
        model.Graph.Nodes.Add(node);
        model.Graph.Initializers.Add(new OnnxTensor { Name = "b", ElementType = weights, Dimensions = [Length, 2], Data = Array.ConvertAll(B, value => (byte)value) });
        model.Graph.Initializers.Add(new OnnxTensor { Name = "za", ElementType = ElementType.UInt8, Dimensions = [], Data = new byte[] { 7 } });
        model.Graph.Initializers.Add(new OnnxTensor { Name = "zb", ElementType = weights, Dimensions = [], Data = new[] { unchecked((byte)-3) } });
        model.Graph.Inputs.Add(Value("a", ElementType.UInt8, 2, Length));
        model.Graph.Outputs.Add(Value("y", ElementType.Int32, 2, 2));
        using var stream = new MemoryStream();
        OnnxWriter.Write(model, stream);
        return stream.ToArray();
    }

    private static OnnxValueInfo Value(string name, ElementType type, params long[] dimensions) =>
        new() { Name = name, Type = new OnnxType.Tensor(type, [.. dimensions.Select(size => new OnnxDimension(size, null))]) };
}
