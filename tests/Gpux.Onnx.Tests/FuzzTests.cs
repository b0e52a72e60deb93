using System.Diagnostics;

namespace Gpux.Onnx.Tests;

public sealed class FuzzTests
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);
    private static readonly byte[] Edges = [0, 1, 0x7F, 0x80, 0xFF];

    [Fact]
    public void Damaged_models_give_typed_errors_in_bounded_time_and_memory() => Fuzz(new Random(20260101), inputs: 10_000, TimeSpan.MaxValue);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_models_give_typed_errors_in_bounded_time_and_memory() =>
        Assert.InRange(Fuzz(new Random(20260202), inputs: 1_000_000, TimeSpan.FromMinutes(8)), 100_000, 1_000_000);

    /// <returns>How many inputs were tried in the time.</returns>
    private static int Fuzz(Random random, int inputs, TimeSpan time)
    {
        var seeds = Seeds();
        var start = Stopwatch.GetTimestamp();
        var read = 0;
        var tried = 0;
        for (; tried < inputs && Stopwatch.GetElapsedTime(start) < time; tried++)
        {
            var input = Mutate(random, seeds);
            read += Try(input, tried) ? 1 : 0;
        }
        // Mutations that all fail at once, or never, would test little.
        Assert.InRange(read, tried / 20, tried - tried / 20);
        return tried;
    }

    /// <returns>Whether the input was read as a model.</returns>
    private static bool Try(byte[] input, int number)
    {
        var begin = Stopwatch.GetTimestamp();
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
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
            return true;
        }
        catch (Exception e)
        {
            var path = Path.Join(Path.GetTempPath(), $"gpux-onnx-fuzz-{number}.onnx");
            File.WriteAllBytes(path, input);
            throw new InvalidOperationException($"Input {number}, kept as {path}: {e.Message}", e);
        }
        finally
        {
            Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.Zero, MaxTime);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000_000 + 1000L * input.Length);
        }
    }

    // The small models often, and those of 100 KB now and then: they find the same and take longer.
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
        var corpus = RecordedGraphs.Models.Select(RecordedGraphs.Read).OrderBy(bytes => bytes.Length).ToArray();
        for (var copies = 0; copies < 8; copies++)
            seeds.AddRange(corpus[..4]);
        seeds.AddRange(corpus);
        return seeds;
    }

    private static byte[] Mutate(Random random, List<byte[]> seeds)
    {
        var bytes = new List<byte>(seeds[random.Next(seeds.Count)]);
        for (var mutations = random.Next(1, 6); mutations > 0 && bytes.Count > 0; mutations--)
        {
            var at = random.Next(bytes.Count);
            var count = Math.Min(random.Next(1, random.Next(2, 64)), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                // Lengths and numbers at their limits.
                case 2: bytes[at] = Edges[random.Next(Edges.Length)]; break;
                case 3: bytes.RemoveRange(at, count); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - count + 1), count)); break;
                case 5: bytes.InsertRange(at, Wire.Varint((ulong)random.NextInt64() >> random.Next(64))); break;
                case 6:
                    var other = seeds[random.Next(5)];
                    bytes.InsertRange(at, other.AsSpan(random.Next(other.Length)).ToArray().Take(count));
                    break;
                default:
                    if (random.Next(4) == 0)
                        bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }
}
