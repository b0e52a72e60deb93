using System.Text;
using Gpux.Models.Storage;
using Gpux.Models.Tests.Detection;

namespace Gpux.Models.Tests.Storage;

public sealed class StoredEmbeddingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-embeddings-").FullName;
    private readonly ModelLibrary _library;

    public StoredEmbeddingsTests()
    {
        _library = new ModelLibrary(TestHome.Environment(_folder));
        Directory.CreateDirectory(_library.EmbeddingsFolder);
    }

    public void Dispose()
    {
        _library.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_searches_keep_is_told()
    {
        var whole = Write("aa.safetensors", model: "samples:gone 0123 cpu-00000000");
        var damaged = Path.Combine(_library.EmbeddingsFolder, "bb.safetensors");
        File.WriteAllText(damaged, "no safetensors");
        var rows = Path.Combine(_library.EmbeddingsFolder, "cc.safetensors.partial");
        File.WriteAllText(rows, "rows");
        var stored = StoredEmbeddings.Of(_library.EmbeddingsFolder);
        Assert.Equal([whole, damaged, rows], stored.Select(file => file.Path));
        Assert.Equal(["samples:gone 0123 cpu-00000000", null, null], stored.Select(file => file.Model));
        Assert.Equal([false, false, true], stored.Select(file => file.IsPartial));
        Assert.All(stored, file => Assert.InRange(file.Bytes, 1, 1 << 16));
        Assert.Empty(StoredEmbeddings.Of(Path.Combine(_folder, "nowhere")));
    }

    [Fact]
    public async Task Pruning_takes_those_of_models_that_are_gone_and_those_that_were_not_completed()
    {
        var gone = Write("aa.safetensors", model: "samples:gone 0123 cpu-00000000");
        var graph = Write("bb.safetensors", model: "local:/a/model.onnx 0123 "); // used where it lies
        var rows = Path.Combine(_library.EmbeddingsFolder, "cc.safetensors.partial");
        File.WriteAllText(rows, "rows");
        File.WriteAllText($"{rows}.json", "{}");
        var pruner = new LibraryPruner(_library, TimeProvider.System);
        Assert.Equal([gone], pruner.Plan(new PruneOptions { Unused = true }, default).Items.Select(item => item.Name));
        Assert.Equal([rows, $"{rows}.json"], pruner.Plan(new PruneOptions { Partial = true }, default).Items.Select(item => item.Name));
        var plan = pruner.Plan(new PruneOptions { Unused = true, Partial = true }, default);
        Assert.Equal(plan.Items.Sum(item => item.Bytes), plan.Bytes);
        Assert.Empty((await LibraryPruner.DeleteAsync(plan, default)).InUse);
        Assert.Equal([graph], Directory.GetFiles(_library.EmbeddingsFolder));
    }

    [Fact]
    public async Task Rows_that_another_process_writes_stay()
    {
        var rows = Path.Combine(_library.EmbeddingsFolder, "cc.safetensors.partial");
        File.WriteAllText($"{rows}.json", "{}");
        using (var writer = new FileStream(rows, FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var plan = new LibraryPruner(_library, TimeProvider.System).Plan(new PruneOptions { Partial = true }, default);
            Assert.Equal(2, (await LibraryPruner.DeleteAsync(plan, default)).InUse.Count);
        }
        Assert.True(File.Exists(rows) && File.Exists($"{rows}.json"));
    }

    [Fact]
    public void Those_that_no_search_used_for_long_go_with_old_models()
    {
        var old = Write("aa.safetensors", model: "local:/a/model.onnx 0123 ");
        Write("bb.safetensors", model: "local:/a/model.onnx 0123 ");
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-40));
        var items = new LibraryPruner(_library, TimeProvider.System).Plan(new PruneOptions { OlderThan = TimeSpan.FromDays(30) }, default).Items;
        Assert.Equal([old], items.Select(item => item.Name));
        Assert.Equal(["not used for 40 days"], items.Select(item => item.Why));
    }

    private string Write(string name, string model)
    {
        var header = Encoding.UTF8.GetBytes($$$"""{"__metadata__":{"model":"{{{model}}}"},"embeddings":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}""");
        var path = Path.Combine(_library.EmbeddingsFolder, name);
        File.WriteAllBytes(path, [.. BitConverter.GetBytes((long)header.Length), .. header, 0, 0, 0, 0]);
        return path;
    }
}
