namespace Gpux.Onnx.Tests;

public sealed class OnnxTextTests
{
    [Fact]
    public void Model_is_a_line_for_each_value()
    {
        var model = TestModels.Linear();
        model.Metadata.Add(new("hf_hub_id", "org/\"name\""));
        model.Graph.Initializers[0].Data = default;
        model.Graph.Initializers[0].External = new ExternalData("model.safetensors", 312, 48);
        model.Graph.Initializers[1].Data = new byte[] { 0, 0, 0x80, 0x3F, 0, 0, 0, 0xBF, 0, 0, 0, 0x80 };
        model.Graph.ValueInfos.Add(TestModels.Value("product", ElementType.Float32, new(null, null), new(3, null)));

        Assert.Equal("""
            ir_version 8, opset ai.onnx 17
            producer "gpux" ""
            metadata hf_hub_id = "org/\"name\""

            linear(x: float32[N, 4]) => (y: float32[N, 3])
            {
              w: float32[4, 3] @ model.safetensors+312
              b: float32[3] = {1, -0.5, -0}
              product: float32[?, 3] = MatMul(x, w)
              y: float32[N, 3] = Add(product, b)
            }

            """, OnnxText.Format(model), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Every_kind_of_value_has_its_text()
    {
        Assert.Equal("""
            ir_version 13, opset ai.onnx 17, test 1
            producer "gpux" "1"
            metadata key = ""
            metadata other = "value"

            linear(x: float32[N, 4], types: optional(seq(map(int64, string[?, 0]))), sparse: sparse float32[], opaque: opaque("org.example", "thing")) => (y: float32[N, 3])
            {
              w: float32[4, 3] = (48 bytes)
              b: float32[3] = {3.8204714E-37, 1.0082514E-34, 2.6584628E-32}
              external: float16[2, 2] @ weights/a.bin+4096
              external.whole: int8[1] @ b.bin+0
              empty: int64[0] = {}
              strings: string[3] = {"a", "", "ü"}
              s: sparse [4, 4] float32[2] = {3.8204714E-37, 1.0082514E-34} at int64[2] = {506097522914230528, 1084818905618843912}
              product: float32[] = MatMul(x, w)
              y: float32[N, 3] = Add(product, b)
              z = test.Custom:2<float=-0, int=-9223372036854775808, unset=0, string="text", no string="", tensor=int4[3] = (2 bytes), graph=inner() => (inner.y)
              {
                inner.y = Identity(x)
              }, sparse=sparse [4, 4] float32[2] = {3.8204714E-37, 1.0082514E-34} at int64[2] = {506097522914230528, 1084818905618843912}, type=bool, floats=[1.5, NaN, -Infinity], ints=[0, -1, 9223372036854775807], no ints=[], strings=["a", ""], tensors=[bool[] = {0}, float64[1] = {7.949928895127363E-275}], graphs=[inner() => (inner.y)
              {
                inner.y = Identity(x)
              }, inner() => (inner.y)
              {
                inner.y = Identity(x)
              }], sparse tensors=[sparse [4, 4] float32[2] = {3.8204714E-37, 1.0082514E-34} at int64[2] = {506097522914230528, 1084818905618843912}], types=[uint8[]]>(y, )
            }

            test.Twice<axis, scale=...>(x) => (y), opset ai.onnx 17
            {
              y: float32[] = Softmax<axis=@axis>(x)
            }

            """, OnnxText.Format(TestModels.Everything()), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void Control_characters_of_names_never_reach_the_terminal()
    {
        var model = TestModels.Linear();
        model.Graph.Nodes[0].OpType = "Mat\u001b[31mMul\n";

        var text = OnnxText.Format(model);

        Assert.Contains("product = Mat\\u001b[31mMul\\u000a(x, w)", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void Graph_that_contains_itself_ends()
    {
        var model = TestModels.Linear();
        model.Graph.Nodes[0].Attributes.Add(new OnnxAttribute { Name = "body", Kind = AttributeKind.Graph, Graph = model.Graph });

        Assert.Contains("...", OnnxText.Format(model), StringComparison.Ordinal);
    }
}
