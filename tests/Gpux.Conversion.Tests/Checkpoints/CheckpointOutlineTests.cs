using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Tests.Checkpoints;

public sealed class CheckpointOutlineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("torch-zip-views", "weights.pth", 4)]
    [InlineData("torch-zip-big-endian", "model.pt", 4)]
    [InlineData("torch-zip-deflated", "model.pth", 4)]
    [InlineData("torch-training-checkpoint", "checkpoint.pth.tar", 4)]
    [InlineData("safetensors-dtypes", "model.safetensors", 2)]
    public async Task A_file_of_the_outline_and_zeros_has_the_same_tensors(string name, string file, int mostReads)
    {
        var folder = Corpus.PathOf("checkpoints", name, "repo");
        var bytes = await File.ReadAllBytesAsync(Path.Combine(folder, file));
        var reads = 0;

        var outline = await CheckpointOutline.ReadAsync(file, bytes.Length, (offset, length) =>
        {
            reads++;
            return Task.FromResult(bytes.AsSpan((int)offset, (int)Math.Min(length, bytes.Length - offset)).ToArray());
        });

        var standIn = new byte[bytes.Length];
        foreach (var part in outline!)
            part.Bytes.Span.CopyTo(standIn.AsSpan((int)part.Offset));
        await File.WriteAllBytesAsync(Path.Combine(_folder, file), standIn);
        Assert.Equal(Describe(folder, file), Describe(_folder, file));
        Assert.InRange(reads, 1, mostReads);
    }

    [Theory]
    [InlineData("torch-legacy-views", "weights.pth")]
    [InlineData("flax-msgpack", "flax_model.msgpack")]
    public async Task A_file_that_tells_of_itself_between_its_weights_has_no_outline(string name, string file)
    {
        var bytes = await File.ReadAllBytesAsync(Corpus.PathOf("checkpoints", name, "repo", file));

        Assert.Null(await CheckpointOutline.ReadAsync(file, bytes.Length,
            (offset, length) => Task.FromResult(bytes.AsSpan((int)offset, length).ToArray())));
    }

    private static string[] Describe(string folder, string file) =>
        [.. CheckpointReader.Read(ModelFiles.InFolder(folder), file).Tensors.Values.Select(tensor => $"{tensor} {tensor.Layout is null}").Order()];
}
