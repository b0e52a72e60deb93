using Gpux.Registries.PyTorch;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.PyTorch;

public sealed class TorchServeRegistryTests : IDisposable
{
    private const string Manifest = TorchServeStandIn.Manifest;

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-mar-").FullName;
    private readonly RegistryEnvironment _environment = new(_ => null);

    public void Dispose()
    {
        _environment.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("https://host/mar_files/densenet161.mar", "https://host/mar_files/densenet161.mar")]
    [InlineData("torchserve:https://host/a.mar", "https://host/a.mar")]
    [InlineData("torchserve:densenet161", "densenet161")]
    [InlineData("torchserve:/models/a.mar", "/models/a.mar")]
    public void References_are_read_and_read_back(string text, string name)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(new ModelReference("torchserve", name), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Manifest_of_an_archive_is_read_before_it_is_fetched(bool hasRanges)
    {
        var archive = Archive(Manifest, ("tiny.pt", OciStandIn.Content(500_000, 2)), ("index_to_name.json", "{}"u8.ToArray()));
        await using var server = await LoopbackServer.StartAsync(0, (context, _) =>
            FileReply.SendAsync(context, archive, entityTag: null, new Fault { IgnoresRange = !hasRanges }));
        var manifest = await ResolveAsync($"{server.Address}/tiny.mar");
        var file = Assert.Single(manifest.Files);
        Assert.Equal(("tiny.mar", archive.Length, true), (file.Path, file.SizeBytes, file.IsArchive));
        Assert.Equal(hasRanges ? "image-classification" : null, manifest.Properties.GetValueOrDefault("pipeline_tag"));
        Assert.Equal(hasRanges ? "tiny.pt" : null, manifest.Properties.GetValueOrDefault("serialized_file"));
        // The end, and the block with the manifest: not the weights.
        Assert.True(!hasRanges || server.Requests.Count <= 5, $"{server.Requests.Count} requests");
        await using var content = await new TorchServeRegistry(_environment).OpenAsync(manifest, file, default, CancellationToken.None);
        using var all = new MemoryStream();
        await content.Stream.CopyToAsync(all);
        Assert.Equal(archive, all.ToArray());
    }

    [Fact]
    public async Task Commit_changes_with_a_member()
    {
        var path = Path.Combine(_folder, "tiny.mar");
        File.WriteAllBytes(path, Archive(Manifest, ("tiny.pt", [1])));
        var first = await ResolveAsync(path);
        File.WriteAllBytes(path, Archive(Manifest, ("tiny.pt", [2])));
        var second = await ResolveAsync(path);
        Assert.NotEqual(first.Commit, second.Commit);
        Assert.Equal(("image_classifier", "tiny"), (second.Properties["handler"], second.Properties["model_name"]));
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => new TorchServeRegistry(_environment)
            .ResolveAsync(first.Model with { Revision = first.Commit }, CancellationToken.None));
    }

    [Theory]
    [InlineData("{}", "tiny.pt")]
    [InlineData("no json", "tiny.pt")]
    [InlineData(null, "tiny.pt")]
    [InlineData(Manifest, "other.pt")]
    public async Task Archive_without_a_sound_manifest_is_refused(string? manifest, string member)
    {
        var path = Path.Combine(_folder, "tiny.mar");
        File.WriteAllBytes(path, Archive(manifest, (member, [1])));
        Assert.Equal(ErrorCode.InvalidModelArchive, (await Assert.ThrowsAsync<InvalidModelArchiveException>(() => ResolveAsync(path))).Code);
    }

    [Fact]
    public async Task File_that_is_no_archive_is_refused()
    {
        var path = Path.Combine(_folder, "tiny.mar");
        File.WriteAllText(path, "<html>not here</html>");
        await Assert.ThrowsAsync<InvalidModelArchiveException>(() => ResolveAsync(path));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => ResolveAsync(Path.Combine(_folder, "absent.mar")));
    }

    [Fact]
    public async Task Archive_in_tar_gz_is_left_to_the_store()
    {
        var path = Path.Combine(_folder, "tiny.mar");
        File.WriteAllBytes(path, [0x1f, 0x8b, 8, 0]);
        Assert.True(Assert.Single((await ResolveAsync(path)).Files).IsArchive);
    }

    private Task<ModelManifest> ResolveAsync(string name) =>
        new TorchServeRegistry(_environment).ResolveAsync(TorchServeRegistry.ReadReference(name), CancellationToken.None);

    private static byte[] Archive(string? manifest, params (string Name, byte[] Content)[] members)
    {
        var all = members.ToDictionary(member => member.Name, member => member.Content);
        if (manifest is not null)
            all["MAR-INF/MANIFEST.json"] = System.Text.Encoding.UTF8.GetBytes(manifest);
        return TorchServeStandIn.Archive(all);
    }
}
