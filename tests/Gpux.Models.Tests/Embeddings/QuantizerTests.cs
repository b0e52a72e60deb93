using Gpux.Models.Embeddings;

namespace Gpux.Models.Tests.Embeddings;

public sealed class QuantizerTests
{
    [Fact]
    public void Bytes_are_steps_between_least_and_greatest()
    {
        float[] lows = [-1, 0, 5], highs = [1, 2.55f, 5];
        var bytes = new byte[3];
        new Quantizer(VectorPrecision.UInt8, lows, highs).Quantize([0.9f, 1.005f, 5], bytes);
        Assert.Equal([242, 100, 0], bytes); // a dimension of one value has the step 1
        new Quantizer(VectorPrecision.Int8, lows, highs).Quantize([-7, 9, 9], bytes);
        Assert.Equal([-128, 127, -124], bytes.Select(value => (sbyte)value));
    }

    [Fact]
    public void Bits_are_set_for_what_is_greater_than_zero()
    {
        float[] vector = [1, -1, 0, 2, 3, -4, 5, 6, 7];
        var bytes = new byte[Quantizer.Width(VectorPrecision.UBinary, vector.Length)];
        new Quantizer(VectorPrecision.UBinary, [], []).Quantize(vector, bytes);
        Assert.Equal([0b1001_1011, 0b1000_0000], bytes);
        new Quantizer(VectorPrecision.Binary, [], []).Quantize(vector, bytes);
        Assert.Equal([0b1001_1011 - 128, 0b1000_0000 - 128], bytes.Select(value => (int)(sbyte)value));
    }
}
