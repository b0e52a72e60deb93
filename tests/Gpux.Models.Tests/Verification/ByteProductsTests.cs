using Gpux.Conversion.Verification;
using Gpux.Models.Verification;
using Gpux.Onnx;
using Gpux.Runtime.Sessions;

namespace Gpux.Models.Tests.Verification;

public sealed class ByteProductsTests
{
    private const int Length = 4;

    // The same integers, and the same operators around them.
    private static readonly Tolerance Close = new(1e-6, 1e-6);

    /// <summary>Of a processor that saturates, in runs of products of unsigned and signed bytes, which on another cannot be met: see <see cref="ConformanceTests"/>.
    /// With the saturation written out the numbers are the recorded ones on every processor, and with exact products they are those of a processor that has an instruction for them. The recording's other
    /// runs are met as they are.</summary>
    [Theory]
    [InlineData("graphs/onnx-layout-optimum")]
    public void Recordings_of_a_processor_that_saturates_are_met_with_the_saturation_written_out(string name)
    {
        if (!Corpus.IsWhole)
            return;
        var recording = Recording.Load(Corpus.PathOf(name.Split('/')));
        var runs = recording.Runs.Where(run => run.Root.TryGetProperty("file", out _)).ToArray();
        Assert.NotEmpty(runs);
        var others = Judges.Judge(recording.Folder).Outputs.Where(output => !Array.Exists(runs, run => run.Name == output.Run)).ToArray();
        Assert.NotEmpty(others);
        Assert.All(others, output => Assert.True(output.Comparison.Within, $"{output.Run}: not of such products, and outside of its tolerance"));
        foreach (var run in runs)
        {
            var file = File.ReadAllBytes(Path.Combine(recording.RepositoryFolder, run.Root.GetProperty("file").GetString()!)); // filtered
            var inputs = run.InputNames.ToDictionary(input => input, run.Input);
            using var session = InferenceSession.Open(file);
            using var saturated = InferenceSession.Open(Written(file, saturates: true));
            using var exact = InferenceSession.Open(Written(file, saturates: false));
            using var computed = session.Run(inputs);
            using var ofSaturated = saturated.Run(inputs);
            using var ofExact = exact.Run(inputs);
            foreach (var output in run.OutputNames)
            {
                Assert.True(TensorComparison.Compare(run.Output(output), ofSaturated[output], Close).Within, $"{run.Name}: the recording is not of saturated sums");
                Assert.True(TensorComparison.Compare((Saturates() ? ofSaturated : ofExact)[output], computed[output], Close).Within, $"{run.Name}: what was computed is neither");
            }
        }
    }

    /// <summary>Whether ONNX Runtime saturates sums of products of unsigned and signed bytes on this machine.</summary>
    internal static bool Saturates()
    {
        using var session = InferenceSession.Open(Graph(ElementType.Int8));
        using var outputs = session.Run(new Dictionary<string, Tensor> { ["a"] = Tensor.Of<byte>(A, new Shape(2, Length)) });
        var computed = outputs["y"].AsSpan<int>();
        Assert.True(computed.SequenceEqual(Expected(saturates: true)) || computed.SequenceEqual(Expected(saturates: false)));
        return !computed.SequenceEqual(Expected(saturates: false));
    }

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
        using var session = InferenceSession.Open(Written(Graph(ElementType.Int8), saturates));
        using var outputs = session.Run(new Dictionary<string, Tensor> { ["a"] = Tensor.Of<byte>(A, new Shape(2, Length)) });
        return outputs["y"].AsSpan<int>().ToArray();
    }

    private static byte[] Written(byte[] file, bool saturates) => Assert.IsType<byte[]>(ByteProducts.WriteOut(file, saturates));

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
