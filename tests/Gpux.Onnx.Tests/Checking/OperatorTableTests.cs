using System.Text;
using Gpux.Onnx.Checking;

namespace Gpux.Onnx.Tests.Checking;

public sealed class OperatorTableTests
{
    [Theory]
    // The first and the last of each list, single and repeated versions.
    [InlineData("", "ATen", 1, "", "", OperatorStatus.Unchecked)]
    [InlineData("", "Abs", 5, "r", "r", OperatorStatus.Known)]
    [InlineData("", "Xor", 27, "rr", "r", OperatorStatus.Known)]
    [InlineData("", "Clip", 10, "r", "r", OperatorStatus.Known)]
    [InlineData("", "Clip", 11, "roo", "r", OperatorStatus.Known)]
    [InlineData("", "Loop", 25, "oo*", "+", OperatorStatus.Known)]
    [InlineData("", "Constant", 13, "", "r", OperatorStatus.Known)]
    [InlineData("", "Upsample", 9, "rr", "r", OperatorStatus.Known)]
    [InlineData("", "Upsample", 10, "", "", OperatorStatus.Deprecated)]
    [InlineData("", "SimplifiedLayerNormalization", 17, "rr", "ro", OperatorStatus.Known)]
    [InlineData("ai.onnx.ml", "ArrayFeatureExtractor", 3, "rr", "r", OperatorStatus.Known)]
    [InlineData("ai.onnx.ml", "ZipMap", 1, "r", "r", OperatorStatus.Known)]
    [InlineData("ai.onnx.preview.training", "Momentum", 1, "rr+", "+", OperatorStatus.Known)]
    [InlineData("com.microsoft", "SkipLayerNormalization", 1, "rrroo", "rooo", OperatorStatus.Known)]
    public void Operator_has_the_signature_of_its_version(string domain, string name, int version, string inputs, string outputs, object status)
    {
        var schema = OperatorTable.Find(domain, name, version);

        Assert.Equal((inputs, outputs, status), (schema?.Inputs, schema?.Outputs, (object?)schema?.Status));
    }

    [Fact]
    public void Attributes_have_kinds_and_may_be_required()
    {
        Assert.Equal(
        [
            new("body", AttributeKind.Graph, true),
            new("num_scan_inputs", AttributeKind.Int, true),
            new("scan_input_axes", AttributeKind.Ints, false),
            new("scan_input_directions", AttributeKind.Ints, false),
            new("scan_output_axes", AttributeKind.Ints, false),
            new("scan_output_directions", AttributeKind.Ints, false),
        ], OperatorTable.Find("", "Scan", 17)!.Attributes);
        Assert.Equal(AttributeKind.SparseTensor, OperatorTable.Find("", "Constant", 13)!.Attribute("sparse_value")!.Kind);
        Assert.Equal(AttributeKind.Type, OperatorTable.Find("", "Optional", 15)!.Attribute("type")!.Kind);
    }

    [Theory]
    [InlineData("", "abs")]
    [InlineData("", "Ab")]
    [InlineData("", "AbsX")]
    [InlineData("", "")]
    [InlineData("", "A")]
    [InlineData("", "Zzz")]
    [InlineData("", "Größe")]
    [InlineData("", "Abs 1")]
    [InlineData("nowhere", "Abs")]
    public void Unknown_operator_is_not_found(string domain, string name)
    {
        Assert.Null(OperatorTable.Find(domain, name, 20));
        Assert.Null(OperatorTable.Introduced(domain, name));
    }

    [Fact]
    public void Operator_is_unknown_before_its_time()
    {
        Assert.Null(OperatorTable.Find("", "Gelu", 19));
        Assert.Equal(20, OperatorTable.Introduced("", "Gelu"));
        Assert.NotNull(OperatorTable.Find("", "Gelu", 20));
    }

    [Theory]
    [InlineData("Matmul", "MatMul")]
    [InlineData("SoftMax", "Softmax")]
    [InlineData("LayerNorm", null)]
    [InlineData("ReduceMeen", "ReduceMean")]
    [InlineData("Frobnicate", null)]
    public void Closest_name_is_a_likely_one(string name, string? expected) => Assert.Equal(expected, OperatorTable.Closest("", name));

    [Fact]
    public void Every_line_is_found_by_its_name_and_version()
    {
        var count = 0;
        foreach (var domain in (string[])["", "ai.onnx.ml", "ai.onnx.preview", "ai.onnx.preview.training", "com.microsoft"])
        {
            string? previous = null;
            foreach (var line in Encoding.ASCII.GetString(OperatorTable.Lines(domain)).TrimEnd().Split('\n'))
            {
                var words = line.Split(' ');
                var schema = OperatorTable.Find(domain, words[0], int.Parse(words[1]));

                Assert.NotNull(schema);
                Assert.Equal(words[2] switch { "deprecated" => OperatorStatus.Deprecated, "unchecked" => OperatorStatus.Unchecked, _ => OperatorStatus.Known }, schema.Status);
                if (schema.Status == OperatorStatus.Known)
                    Assert.Equal(words[4..], schema.Attributes.Select(attribute => line.Split(' ').Single(word => word.StartsWith(attribute.Name + ":", StringComparison.Ordinal))));
                Assert.True(string.CompareOrdinal(previous, words[0]) <= 0);
                previous = words[0];
                count++;
            }
        }
        Assert.InRange(count, 370, 1000);
    }
}
