using Gpux.Registries.Download;
using Gpux.Registries.OnnxZoo;
using Gpux.Registries.Store;
using Gpux.Registries.Tests.Archives;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.OnnxZoo;

public sealed class OnnxZooRegistryTests
{
    private static readonly byte[] WithData = new TarFile().Add("mnist-12/mnist-12.onnx", "another copy")
        .Add("mnist-12/test_data_set_0/input_0.pb", "in").Add("mnist-12/test_data_set_0/output_0.pb", "out").Compressed();

    [Fact]
    public async Task Model_is_pinned_and_listed_by_the_manifest()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync(withData: WithData);
        await using var machine = TestMachine.With(zoo);
        var manifest = await new OnnxZooRegistry(machine.Environment()).ResolveAsync("onnx-zoo:mnist-12");
        Assert.Equal("onnx-zoo:MNIST-12", manifest.Model.ToString());
        Assert.Equal(64, manifest.Commit.Length);
        Assert.Equal(["mnist-12.onnx", "mnist-12.tar.gz"], manifest.Files.Select(file => file.Path));
        Assert.Equal([false, true], manifest.Files.Select(file => file.IsArchive));
        Assert.All(manifest.Files, file => Assert.Equal(DigestAlgorithm.Sha256, file.Digest?.Algorithm));
        Assert.Equal($"https://github.com/onnx/models/tree/main/{OnnxZooStandIn.Folder}", manifest.Source);
        Assert.Equal("image-classification", manifest.Properties["pipeline_tag"]);
        Assert.Equal("12", manifest.Properties["opset_version"]);
        Assert.Equal("Input3: tensor(float)[batch,1,28,28]", manifest.Properties["inputs"]);
        Assert.Single(zoo.Servers.SelectMany(server => server.Requests));
    }

    [Theory]
    [InlineData("onnx-zoo:MNIST", "mnist-8.onnx")]
    [InlineData("onnx-zoo:mnist@7", "mnist-7.onnx")]
    [InlineData("onnx-zoo:RetinaNet (ResNet101 backbone)", "retinanet-9.onnx")]
    public async Task Name_and_opset_choose_an_entry(string reference, string file)
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        var registry = new OnnxZooRegistry(machine.Environment());
        var manifest = await registry.ResolveAsync(reference);
        Assert.Equal(file, Assert.Single(manifest.Files).Path);
        // The canonical form and the commit mean the same.
        Assert.Equal(manifest.Commit, (await registry.ResolveAsync(manifest.Model.ToString())).Commit);
        Assert.Equal(manifest.Commit, (await registry.ResolveAsync($"onnx-zoo:{manifest.Model.Name}@{manifest.Commit}")).Commit);
    }

    [Fact]
    public async Task Unknown_name_and_opset_are_told_with_what_there_is()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        var registry = new OnnxZooRegistry(machine.Environment());
        Assert.Contains("MNIST-12", (await Assert.ThrowsAsync<ModelNotFoundException>(() => registry.ResolveAsync("onnx-zoo:mnist-99"))).Remedy, StringComparison.Ordinal);
        Assert.Contains("8, 7", (await Assert.ThrowsAsync<UnknownOpsetException>(() => registry.ResolveAsync("onnx-zoo:MNIST@9"))).Remedy, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => registry.ResolveAsync("onnx-zoo:nobody/none/MNIST"));
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Files_come_from_either_home(bool hub, bool media)
    {
        await using var zoo = await OnnxZooStandIn.StartAsync(withData: WithData, members: new Dictionary<string, byte[]>
        {
            ["mnist-12/mnist-12.onnx"] = "another copy"u8.ToArray(),
            ["mnist-12/test_data_set_0/input_0.pb"] = "in"u8.ToArray(),
            ["mnist-12/test_data_set_0/output_0.pb"] = "out"u8.ToArray(),
        });
        (zoo.HasHub, zoo.HasMedia) = (hub, media);
        await using var machine = TestMachine.With(zoo);
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(zoo.Reference));
        Assert.Equal(zoo.Files.OrderBy(file => file.Key), files.Bytes().OrderBy(file => file.Key));
        Assert.All(zoo.Servers.SelectMany(server => server.Requests), request => Assert.Null(request.Header("Authorization")));
        // What is here needs no request, whatever the case of its name.
        var requests = zoo.Servers.Sum(server => server.Requests.Count);
        Assert.True((await machine.Store().ResolveAsync("onnx-zoo:MNIST-12", Lookup.PreferStore)).FromStore);
        Assert.Equal(requests, zoo.Servers.Sum(server => server.Requests.Count));
    }

    [Fact]
    public async Task Model_that_is_nowhere_is_told_so()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        (zoo.HasHub, zoo.HasMedia) = (false, false);
        await using var machine = TestMachine.With(zoo);
        var store = machine.Store();
        var model = await store.ResolveAsync(zoo.Reference);
        await Assert.ThrowsAsync<FileNotInModelException>(() => store.FetchAsync(model));
    }

    [Fact]
    public async Task Wrong_bytes_are_refused_from_both_homes()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        zoo.Add("Bad", 9, "bad", [1, 2, 3], withData: null, "[]", sha256: new string('a', 64));
        await using var machine = TestMachine.With(zoo);
        var store = machine.Store();
        var model = await store.ResolveAsync("onnx-zoo:Bad");
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
        zoo.HasHub = false;
        zoo.HasMedia = true;
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
    }

    [Fact]
    public async Task Manifest_comes_again_only_when_it_changed()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        await new OnnxZooRegistry(machine.Environment()).ResolveAsync("onnx-zoo:MNIST");
        var later = new OnnxZooRegistry(machine.Environment());
        Assert.Equal("mnist-8.onnx", (await later.ResolveAsync("onnx-zoo:MNIST")).Files[0].Path);
        Assert.StartsWith("W/", zoo.Servers[0].Requests.Last().Header("If-None-Match"), StringComparison.Ordinal);
        zoo.Add("MNIST", 13, "mnist-13", [1], withData: null, "[]");
        Assert.Equal("mnist-13.onnx", (await later.ResolveAsync("onnx-zoo:MNIST")).Files[0].Path);
        // A damaged copy is fetched anew.
        var kept = Assert.Single(Directory.EnumerateFiles(Path.Combine(machine.Home, "cache", "onnx-zoo")));
        File.WriteAllText(kept, "");
        Assert.Equal("mnist-13.onnx", (await later.ResolveAsync("onnx-zoo:MNIST")).Files[0].Path);
    }

    [Theory]
    [InlineData("<html>Sign in</html>")]
    [InlineData("{}")]
    [InlineData("[{}]")]
    [InlineData("""[{"model":"m","model_path":"a.onnx","onnx_version":"1","opset_version":1,"metadata":{"model_sha":"x","model_bytes":1,"tags":[]}}]""")]
    public async Task Anything_but_a_manifest_is_refused(string body)
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        zoo.Faults.Add("MANIFEST", new Fault { Status = 200, Body = body });
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => new OnnxZooRegistry(machine.Environment()).ResolveAsync("onnx-zoo:MNIST"));
    }

    [Fact]
    public async Task Hostile_path_is_refused()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        zoo.OtherZooManifest = $$"""[{"model":"m","model_path":"../../m.onnx","onnx_version":"1","opset_version":1,"metadata":{"model_sha":"{{new string('a', 64)}}","model_bytes":1,"tags":[]} }]""";
        await using var machine = TestMachine.With(zoo);
        await Assert.ThrowsAsync<UnsafePathException>(() => new OnnxZooRegistry(machine.Environment()).ResolveAsync("onnx-zoo:someone/zoo:v1/m"));
        await Assert.ThrowsAsync<InvalidReferenceException>(() => new OnnxZooRegistry(machine.Environment()).ResolveAsync("onnx-zoo:../../x"));
    }

    [Fact]
    public async Task Other_zoos_are_read_from_their_repository()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        zoo.OtherZooManifest = $$"""[{"model":"m","model_path":"x/m.onnx","onnx_version":"1","opset_version":1,"metadata":{"model_sha":"{{new string('a', 64)}}","model_bytes":1,"tags":[]} }]""";
        await using var machine = TestMachine.With(zoo);
        var store = machine.Store();
        var model = await store.ResolveAsync("onnx-zoo:someone/zoo:v1/M");
        Assert.Equal("someone/zoo:v1/m", model.Manifest.Model.Name);
        await Assert.ThrowsAsync<FileNotInModelException>(() => store.FetchAsync(model));
        Assert.Equal("/media/someone/zoo/v1/x/m.onnx", Assert.Single(zoo.Servers[1].Requests).Target);
        Assert.Empty(zoo.Servers[2].Requests);
    }

    [Fact]
    public async Task Broken_download_goes_on_where_it_stopped()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        zoo.Faults.Add("signature", new Fault { BreakAfter = 500_000 });
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(zoo.Reference));
        Assert.Equal(zoo.Files["mnist-12.onnx"], File.ReadAllBytes(files.Require("mnist-12.onnx")));
        Assert.Contains(zoo.Servers[3].Requests, request => request.Header("Range") is { } range && range.StartsWith("bytes=500000-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Cache_of_the_Python_client_is_used_where_it_lies_if_its_hash_fits()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        var store = machine.Store();
        var model = await store.ResolveAsync(zoo.Reference);
        var folder = Path.Combine(machine.Folder, ".cache", "onnx", "hub", OnnxZooStandIn.Folder);
        Directory.CreateDirectory(folder);
        var cached = Path.Combine(folder, $"{model.Manifest.Files[0].Digest!.Value.Hex}_mnist-12.onnx"); // The manifest has it
        File.WriteAllBytes(cached, zoo.Files["mnist-12.onnx"]);
        Assert.Equal(cached, (await store.FetchAsync(model)).Require("mnist-12.onnx"));
        Assert.Empty(zoo.Servers[3].Requests);
        // Removing the model leaves it.
        await store.RemoveAsync(model.Manifest, CancellationToken.None);
        Assert.True(File.Exists(cached));
        var damaged = zoo.Files["mnist-12.onnx"].ToArray();
        damaged[^1] ^= 1;
        File.WriteAllBytes(cached, damaged);
        Assert.NotEqual(cached, (await store.FetchAsync(model)).Require("mnist-12.onnx"));
    }

    [Fact]
    public async Task Search_looks_at_names_and_tags()
    {
        await using var zoo = await OnnxZooStandIn.StartAsync();
        await using var machine = TestMachine.With(zoo);
        var registry = new OnnxZooRegistry(machine.Environment());
        var found = await registry.SearchAsync(new ModelSearch("mnist", 10), CancellationToken.None);
        Assert.Equal(["onnx-zoo:MNIST", "onnx-zoo:MNIST-12"], found.Select(model => model.Model.ToString()));
        Assert.Equal(4, found[0].SizeBytes);
        Assert.Equal("RetinaNet (ResNet101 backbone)", Assert.Single(await registry.SearchAsync(new ModelSearch("DETECTION", 10), CancellationToken.None)).Model.Name);
        Assert.Equal(2, (await registry.SearchAsync(new ModelSearch("", 10) { Task = "image-classification" }, CancellationToken.None)).Count);
        Assert.Single(await registry.SearchAsync(new ModelSearch("", 1), CancellationToken.None));
        Assert.Empty(await registry.SearchAsync(new ModelSearch("", 9) { Licence = "mit" }, CancellationToken.None));
    }
}
