namespace Gpux.Onnx.Tests;

public sealed class RoundTripTests
{
    public static TheoryData<string> Models => RecordedGraphs.Theory;

    // ONNX Runtime's quantizer stores scales and zero points as typed numbers (float_data, int32_data), which become raw data.
    private static readonly string[] NotCanonical = ["graphs/onnx-layout-optimum/repo/onnx/model_quantized.onnx"];

    [Theory]
    [MemberData(nameof(Models))]
    public void File_that_is_read_and_written_stays_the_same_to_the_byte(string path)
    {
        var original = RecordedGraphs.Read(path);
        var model = OnnxReader.Read(original);

        var written = TestModels.Bytes(model);
        var again = OnnxReader.Read(written);

        Assert.Equal(written, TestModels.Bytes(again));
        Assert.Equal(OnnxText.Format(model), OnnxText.Format(again));
        Assert.Equal(written.Length, OnnxWriter.Measure(model));
        Assert.Equal(!NotCanonical.Contains(path.Replace('\\', '/')), original.AsSpan().SequenceEqual(written));
    }

    [Fact]
    public void Every_message_and_field_survives()
    {
        var model = TestModels.Everything();

        var read = OnnxReader.Read(TestModels.Bytes(model), "everything");

        Assert.Equal(TestModels.Bytes(model), TestModels.Bytes(read));
        Assert.Equivalent(model, read, strict: true);
    }

    [Fact]
    public void Same_model_gives_the_same_bytes() =>
        Assert.Equal(TestModels.Bytes(TestModels.Everything()), TestModels.Bytes(TestModels.Everything()));
}
