using static Gpux.Onnx.Tests.Wire;

namespace Gpux.Onnx.Tests;

public sealed class OnnxReaderTests
{
    [Fact]
    public void Numbers_in_lists_are_read_packed_and_unpacked_and_mixed()
    {
        var attribute = Attribute(Number(8, 1), Packed(8, 2, -3), Number(8, 4), Float(7, 0.5f), Bytes(7, Float(1, 2)[1..]));

        Assert.Equal([1, 2, -3, 4], attribute.Ints);
        Assert.Equal([0.5f, 2], attribute.Floats);
    }

    [Fact]
    public void Last_of_a_repeated_singular_field_counts()
    {
        var attribute = Attribute(Text(1, "first"), Number(3, 1), Text(1, "last"), Number(3, 2), Bytes(5, Number(1, 3)), Bytes(5, Number(1, 4)));

        Assert.Equal("last", attribute.Name);
        Assert.Equal(2, attribute.Int);
        Assert.Equal([4], attribute.Tensor!.Dimensions);
    }

    [Fact]
    public void Dimension_is_what_was_said_last()
    {
        var value = OnnxReader.Read(Model(Bytes(11, Bytes(2, Bytes(1, Bytes(2,
            Bytes(1, Text(2, "N"), Number(1, 3)), Bytes(1, Number(1, 3), Text(2, "N")), Bytes(1))))))).Graph.Inputs[0];

        Assert.Equal([new(3, null), new(null, "N"), new(null, null)], ((OnnxType.Tensor)value.Type!).Dimensions!);
    }

    [Fact]
    public void Unknown_fields_of_all_wire_types_survive_in_their_places()
    {
        // Fields 3, 9 and 19 lie between the known ones; a group holds another.
        var group = Join(Varint(9 << 3 | 3), Number(1, 5), Varint(2 << 3 | 3), Bytes(7), Varint(2 << 3 | 4), Varint(9 << 3 | 4));
        var bytes = Join(
            Number(1, 8), Text(2, "p"), Bytes(7, Text(2, "g"), Float(3, 1)), group, Join(Varint(19 << 3 | 1), new byte[8]), Bytes(25, Text(1, "f")));

        var model = OnnxReader.Read(bytes);

        Assert.Equal(bytes, TestModels.Bytes(model));
        Assert.Equal(group.Length + 2 + 8, model.UnknownFields.Length);
    }

    [Fact]
    public void Names_are_shared()
    {
        var graph = OnnxReader.Read(Model(Bytes(1, Text(1, "value"), Text(2, "other")), Bytes(1, Text(1, "other"), Text(2, "value")))).Graph;

        Assert.Same(graph.Nodes[0].Inputs[0], graph.Nodes[1].Outputs[0]);
    }

    [Theory]
    [InlineData(ElementType.Int32, new long[] { -1, int.MaxValue }, new byte[] { 255, 255, 255, 255, 255, 255, 255, 127 })]
    [InlineData(ElementType.Int16, new long[] { -2 }, new byte[] { 254, 255 })]
    [InlineData(ElementType.UInt16, new long[] { 65535 }, new byte[] { 255, 255 })]
    [InlineData(ElementType.Float16, new long[] { 0x3C00 }, new byte[] { 0, 0x3C })]
    [InlineData(ElementType.BFloat16, new long[] { 0xBF80 }, new byte[] { 0x80, 0xBF })]
    [InlineData(ElementType.Int8, new long[] { -128, 127 }, new byte[] { 128, 127 })]
    [InlineData(ElementType.UInt8, new long[] { 255, 0 }, new byte[] { 255, 0 })]
    [InlineData(ElementType.Bool, new long[] { 0, 1, 7 }, new byte[] { 0, 1, 1 })]
    [InlineData(ElementType.Float8E5M2, new long[] { 200 }, new byte[] { 200 })]
    [InlineData(ElementType.Int4, new long[] { 0x21, 0x03 }, new byte[] { 0x21, 0x03 })]
    [InlineData(ElementType.UInt2, new long[] { 0xE4 }, new byte[] { 0xE4 })]
    public void Int32_data_become_raw_bytes(ElementType type, long[] values, byte[] expected)
    {
        byte[][] unpacked = [Number(2, (long)type), .. values.Select(value => Number(5, value))];

        Assert.Equal(expected, Tensor(Number(2, (long)type), Packed(5, values)).Data.ToArray());
        Assert.Equal(expected, Tensor(unpacked).Data.ToArray());
        Assert.Equal(expected, Tensor([.. unpacked[1..], unpacked[0]]).Data.ToArray());
    }

    [Fact]
    public void Other_typed_data_become_raw_bytes()
    {
        byte[] one = [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40];
        byte[] oneDouble = [0, 0, 0, 0, 0, 0, 0xF0, 0x3F];

        Assert.Equal(one, Tensor(Number(2, 1), Bytes(4, one)).Data.ToArray());
        Assert.Equal(one, Tensor(Number(2, 1), Float(4, 1), Float(4, 2)).Data.ToArray());
        Assert.Equal(one, Tensor(Number(2, 1), Bytes(4, one[..4]), Text(8, "w"), Bytes(4, one[4..])).Data.ToArray());
        Assert.Equal(one, Tensor(Number(2, 14), Bytes(4, one)).Data.ToArray());
        Assert.Equal(oneDouble, Tensor(Number(2, 11), Bytes(10, oneDouble)).Data.ToArray());
        Assert.Equal([1, 0, 0, 0, 0, 0, 0, 0, .. Enumerable.Repeat((byte)255, 8)], Tensor(Number(2, 7), Packed(7, 1, -1)).Data.ToArray());
        Assert.Equal([255, 255, 255, 255], Tensor(Number(2, 12), Packed(11, uint.MaxValue)).Data.ToArray());
        Assert.Equal(Enumerable.Repeat((byte)255, 8), Tensor(Number(2, 13), Packed(11, -1)).Data.ToArray());
        Assert.Equal("ab"u8, Tensor(Number(2, 8), Text(6, "ab")).Strings[0].Span);
    }

    [Fact]
    public void Packed_floats_and_raw_data_stay_in_the_file()
    {
        var file = new ReadOnlyMemory<byte>(Model(Bytes(5, Number(2, 1), Bytes(4, new byte[64])), Bytes(5, Number(2, 1), Bytes(9, new byte[64]))));

        foreach (var tensor in OnnxReader.Read(file).Graph.Initializers)
            Assert.True(file.Span.Overlaps(tensor.Data.Span));
    }

    [Fact]
    public void External_data_are_read_with_their_keys()
    {
        static byte[] Entry(string key, string value) => Bytes(13, Text(1, key), Text(2, value));

        var tensor = Tensor(Entry("location", "a"), Entry("checksum", "c"), Entry("length", "6000000000"), Entry("offset", "5000000000"), Number(14, 1));

        Assert.Equal(("a", 5_000_000_000, 6_000_000_000), (tensor.External!.Location, tensor.External.Offset, tensor.External.Length));
        Assert.Equal([new("checksum", "c")], tensor.External.Other);
        Assert.Equal(new ExternalData("a", 0, null), Tensor(Entry("location", "a"), Number(14, 1)).External);
        Assert.Null(Tensor(Entry("location", "a"), Number(14, 0)).External);
    }

    public static TheoryData<string, byte[], string> Damaged => new()
    {
        { "empty file", [], "no graph" },
        { "text", "<!DOCTYPE html>"u8.ToArray(), "a group ends that did not begin" },
        { "length beyond the end", [0x3A, 0x05, 0x00], "a length of 5 is stated where 1 bytes are left" },
        { "length beyond the message", Model(Bytes(1, [0x0A, 0x7F])), "a length of 127 is stated where 0 bytes are left" },
        { "length of 2^63", Join([0x3A], Varint(1UL << 63)), "a length of 9223372036854775808" },
        { "endless number", [0x08, .. Enumerable.Repeat((byte)0x80, 20)], "longer than 10 bytes" },
        { "cut number", [0x08, 0x80], "ends within a number" },
        { "cut float", Model(Bytes(1, Bytes(5, [0x15, 0, 0]))), "4 bytes are expected and 2 are left" },
        { "field 0", [0x00, 0x00], "is not a field's tag" },
        { "wire type 6", [0x0E], "is not a field's tag" },
        { "number where a message belongs", Number(7, 1), "field 7 is encoded as Varint, not as Length" },
        { "open group", [0x9B, 0x06], "ends within a number" },
        { "wrong end of a group", [0x9B, 0x06, 0xA4, 0x06], "group 99 ends as group 100" },
        { "end of no group", [0x9C, 0x06], "a group ends that did not begin" },
        { "groups in groups", [.. Enumerable.Repeat((byte)0x9B, 400).SelectMany(b => new byte[] { b, 0x06 })], "groups are nested deeper than 100" },
        { "text that is no UTF-8", Model(Bytes(1, Bytes(3, [0xC3, 0x28]))), "field 3 is not valid UTF-8" },
        { "element type", Model(Bytes(5, Number(2, 27))), "27 is not an element type" },
        { "element type of GPUX alone", Model(Bytes(5, Number(2, 1001))), "1001 is not an element type" },
        { "kind of attribute", Model(Bytes(1, Bytes(5, Number(20, 15)))), "15 is not a kind of attribute" },
        { "negative extent", Model(Bytes(5, Number(1, -1))), "an extent is negative" },
        { "too many elements", Model(Bytes(5, Number(1, 1L << 32), Number(1, 1L << 31), Number(1, 0))), "more than 2^63 - 1" },
        { "floats of 3 bytes", Model(Bytes(5, Number(2, 1), Bytes(4, [1, 2, 3]))), "no whole number of 4-byte elements" },
        { "number that does not fit", Model(Bytes(5, Number(2, 2), Packed(5, 256))), "256 does not fit an element of type UInt8" },
        { "typed data of another type", Model(Bytes(5, Number(2, 1), Packed(7, 1))), "elements of type Float32 lie in field 7" },
        { "typed and raw data", Model(Bytes(5, Number(2, 7), Packed(7, 1), Bytes(9, new byte[8]))), "stored in two ways" },
        { "strings of numbers", Model(Bytes(5, Number(2, 7), Text(6, "7"))), "elements of type Int64 lie in field 6" },
        { "two typed data", Model(Bytes(5, Number(2, 7), Packed(7, 1), Packed(5, 1))), "stored in two ways" },
        { "external and raw data", Model(Bytes(5, Bytes(9, new byte[8]), Number(14, 1))), "stored in two ways" },
        { "offset", Model(Bytes(5, Bytes(13, Text(1, "offset"), Text(2, "-1")), Number(14, 1))), "the offset of its external data is not a number" },
        { "sequence of nothing", Model(Bytes(11, Bytes(2, Bytes(4)))), "element type is missing" },
        { "nested graphs", NestedGraphs(101), "graphs are nested deeper than 100" },
        { "nested types", Model(Bytes(11, Bytes(2, NestedTypes(101)))), "types are nested deeper than 100" },
        { "nodes of nothing", Model([.. Enumerable.Repeat(Bytes(1), 100_000)]), "more objects than a model of its size" },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public void Damaged_file_is_refused_with_the_reason(string what, byte[] file, string reason)
    {
        var e = Assert.Throws<InvalidOnnxException>(() => OnnxReader.Read(file, what));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.StartsWith(what, e.Message, StringComparison.Ordinal);
        Assert.InRange(e.Offset, 0, file.Length);
    }

    [Fact]
    public void Error_names_offset_and_place()
    {
        var file = Model(Bytes(1), Bytes(1, Text(3, "add"), Bytes(5, Text(1, "axis"), [0x15, 0])));

        var e = Assert.Throws<InvalidOnnxException>(() => OnnxReader.Read(file, "m.onnx"));

        Assert.Equal("graph.node[1] \"add\".attribute[0] \"axis\"", e.Place);
        Assert.Equal(file.Length - 1, e.Offset);
        Assert.Equal(ErrorCode.InvalidOnnx, e.Code);
    }

    [Fact]
    public void Nesting_of_100_is_read_and_written()
    {
        var file = NestedGraphs(100);

        Assert.Equal(file, TestModels.Bytes(OnnxReader.Read(file)));
    }

    [Fact]
    public void Every_cut_of_a_model_is_refused_or_read()
    {
        var file = TestModels.Bytes(TestModels.Everything());
        for (var length = 0; length < file.Length; length++)
        {
            // A cut between top-level fields leaves a smaller model.
            if (Record.Exception(() => OnnxReader.Read(file.AsMemory(0, length))) is { } e)
                Assert.IsType<InvalidOnnxException>(e);
        }
    }

    private static OnnxAttribute Attribute(params byte[][] fields) => OnnxReader.Read(Model(Bytes(1, Bytes(5, fields)))).Graph.Nodes[0].Attributes[0];

    private static byte[] NestedGraphs(int depth)
    {
        byte[] graph = [];
        for (var i = 1; i < depth; i++)
            graph = Bytes(1, Bytes(5, Bytes(6, graph)));
        return Model(graph);
    }

    private static byte[] NestedTypes(int depth)
    {
        byte[] type = Bytes(1);
        for (var i = 1; i < depth; i++)
            type = Bytes(4, Bytes(1, type));
        return type;
    }
}
