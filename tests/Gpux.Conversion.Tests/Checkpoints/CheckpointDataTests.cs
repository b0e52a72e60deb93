using System.Runtime.InteropServices;
using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Tests.Checkpoints;

public sealed class CheckpointDataTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(new long[] { 70, 45 }, new long[] { 1, 70 })]
    [InlineData(new long[] { 3, 40, 5 }, new long[] { 1, 15, 3 })]
    [InlineData(new long[] { 2, 3, 4, 5 }, new long[] { 1, 2, 6, 24 })]
    [InlineData(new long[] { 4, 33 }, new long[] { 0, 2 })]
    [InlineData(new long[] { 6 }, new long[] { 7 })]
    [InlineData(new long[] { }, new long[] { })]
    public void Elements_are_picked_by_their_strides(long[] dimensions, long[] strides)
    {
        var numbers = Enumerable.Range(0, 5000).ToArray();
        var expected = new List<int>();
        Walk(0, 2);

        Assert.Equal(expected, Open(numbers, new Shape(dimensions), new TensorLayout([new FilePart(0, 20_000)], [.. strides]) { Start = 8 }));

        void Walk(int axis, long at)
        {
            if (axis == dimensions.Length)
                expected.Add(numbers[at]);
            else
                for (long i = 0; i < dimensions[axis]; i++)
                    Walk(axis + 1, at + i * strides[axis]);
        }
    }

    [Fact]
    public void Parts_are_joined_and_bytes_are_turned() => Assert.Equal([0x05000000, 0x06000000, 0x01000000],
        Open([1, 2, 3, 4, 5, 6], new Shape(3), new TensorLayout([new FilePart(16, 8), new FilePart(0, 4)], [1]) { IsBigEndian = true }));

    [Fact]
    public void A_file_that_became_shorter_is_refused() => Assert.Contains("became shorter", Assert.Throws<InvalidCheckpointException>(
        () => Open([1], new Shape(2), new TensorLayout([new FilePart(0, 8)], [1]))).Message, StringComparison.Ordinal);

    private int[] Open(int[] numbers, Shape shape, TensorLayout layout)
    {
        File.WriteAllBytes(Path.Combine(_folder, "f"), MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());
        return new CheckpointData(ModelFiles.InFolder(_folder))
            .Open(new CheckpointTensor("w", ElementType.Int32, shape, "f", 0) { Layout = layout }).AsSpan<int>().ToArray();
    }
}
