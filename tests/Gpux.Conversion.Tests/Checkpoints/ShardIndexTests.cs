using Gpux.Conversion.Checkpoints;

namespace Gpux.Conversion.Tests.Checkpoints;

public sealed class ShardIndexTests : IDisposable
{
    private const string Name = "model.safetensors.index.json";
    private readonly string _index = Path.GetTempFileName();

    public void Dispose() => File.Delete(_index);

    [Fact]
    public void A_tensor_that_is_placed_twice_is_refused()
    {
        var folder = Corpus.PathOf("checkpoints", "safetensors-sharded", "repo");
        var shards = ShardIndex.Read(File.ReadAllBytes(Path.Combine(folder, Name)), Name);
        var (shard, tensor) = (shards.Keys.First(), shards.Values.First()[0]);
        File.WriteAllText(_index, $$$"""{"weight_map": {"{{{tensor}}}": "{{{shard}}}", "{{{tensor}}}": "{{{shard}}}"}}""");

        var refusal = Assert.Throws<InvalidCheckpointException>(() =>
            SafetensorsReader.Read(new ModelFiles(new Dictionary<string, string> { [Name] = _index, [shard] = Path.Combine(folder, shard) }, "doubled"), Name));

        Assert.Contains($"'{tensor}' twice", refusal.Message, StringComparison.Ordinal);
    }
}
