using Xunit.Abstractions;

namespace Gpux.Onnx.Tests;

public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int LargestSeed = 16 << 10;

    [Fact]
    public void Damaged_models_give_typed_errors_in_bounded_time_and_memory() => Fuzzing.TenThousand(output, "ONNX", Reader);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_models_give_typed_errors_in_bounded_time_and_memory() => Fuzzing.Million(output, "ONNX", Reader);

    private static Func<Chance, bool> Reader()
    {
        var damage = new Damage(Seeds());
        return chance => IsRead(damage.Next(chance).Bytes);
    }

    private static bool IsRead(ReadOnlyMemory<byte> input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        OnnxModel model;
        try
        {
            model = OnnxReader.Read(input);
        }
        catch (InvalidOnnxException e)
        {
            Assert.InRange(e.Offset, 0, input.Length);
            return false;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 + 100L * input.Length);
        }
        OnnxChecker.Check(model);
        OnnxText.Format(model);
        var written = TestModels.Bytes(model);
        Assert.True(written.AsSpan().SequenceEqual(TestModels.Bytes(OnnxReader.Read(written))), "What is written must be read alike.");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000 + 1000L * input.Length);
        return true;
    }

    // Large models find the same and take longer.
    private static List<byte[]> Seeds()
    {
        byte[] everything = TestModels.Bytes(TestModels.Everything());
        byte[] typed = Wire.Model(
            Wire.Bytes(5, Wire.Number(2, 1), Wire.Packed(1, 4), Wire.Bytes(4, new byte[16])),
            Wire.Bytes(5, Wire.Number(2, 10), Wire.Number(1, 3), Wire.Packed(5, 1, 2, 3)),
            Wire.Bytes(5, Wire.Number(2, 7), Wire.Number(1, 3), Wire.Number(7, 1), Wire.Packed(7, -2, 3)),
            Wire.Bytes(5, Wire.Number(2, 12), Wire.Number(1, 1), Wire.Packed(11, 7)),
            Wire.Bytes(5, Wire.Number(2, 11), Wire.Number(1, 1), Wire.Bytes(10, new byte[8])));
        List<byte[]> seeds = [TestModels.Bytes(TestModels.Linear()), everything, everything, typed, typed];
        seeds.AddRange(RecordedGraphs.Models.Select(RecordedGraphs.Read).Where(bytes => bytes.Length <= LargestSeed));
        return seeds;
    }
}
