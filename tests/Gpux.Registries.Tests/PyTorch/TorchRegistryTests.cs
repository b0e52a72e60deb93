using Gpux.Registries.PyTorch;
using Gpux.Registries.Tests.StandIns;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.PyTorch;

public sealed class TorchRegistryTests
{
    [Theory]
    [InlineData("torchvision:resnet50", "resnet50", null)]
    [InlineData("torchvision:ResNet50@IMAGENET1K_V2", "resnet50", "IMAGENET1K_V2")]
    [InlineData("torchvision:ResNet50_Weights.IMAGENET1K_V1", "resnet50", "IMAGENET1K_V1")]
    [InlineData("torchvision:ResNet50_QuantizedWeights.IMAGENET1K_FBGEMM_V1", "resnet50", "IMAGENET1K_FBGEMM_V1")]
    [InlineData("torchvision:resnet50-19c8e357.pth", "resnet50-19c8e357.pth", null)]
    public void Torchvision_names_are_read(string text, string name, string? weights)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(new ModelReference("torchvision", name, weights), model);
        Assert.Equal(model, TestMachine.Parse(model.ToString()));
    }

    [Theory]
    [InlineData("resnet50", null, "resnet50-11ad3fa6.pth", "image-classification")]
    [InlineData("resnet50", "IMAGENET1K_V1", "resnet50-0676ba61.pth", "image-classification")]
    [InlineData("resnet50", "default", "resnet50-11ad3fa6.pth", "image-classification")]
    [InlineData("mnasnet0_5", null, "mnasnet0.5_top1_67.823-3ffadce67e.pth", "image-classification")]
    [InlineData("resnet50", "IMAGENET1K_FBGEMM_V2", "resnet50_fbgemm-23753f79.pth", "image-classification")]
    [InlineData("deeplabv3_resnet50", null, "deeplabv3_resnet50_coco-cd0a2569.pth", "image-segmentation")]
    [InlineData("fasterrcnn_resnet50_fpn", null, "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", "object-detection")]
    [InlineData("r3d_18", null, "r3d_18-b3b3357e.pth", "video-classification")]
    public async Task Table_leads_from_name_and_weights_to_the_file(string name, string? weights, string file, string task)
    {
        using var environment = new RegistryEnvironment(_ => null);
        var manifest = await new TorchvisionRegistry(environment).ResolveAsync(new ModelReference("torchvision", name, weights), CancellationToken.None);
        Assert.Equal(file, Assert.Single(manifest.Files).Path);
        Assert.Equal(TorchFile.DigestInName(file), manifest.Files[0].Digest);
        Assert.Equal((task, name), (manifest.Properties["pipeline_tag"], manifest.Properties["architecture"]));
    }

    [Fact]
    public async Task Unknown_weights_are_told_with_those_that_there_are()
    {
        using var environment = new RegistryEnvironment(_ => null);
        var registry = new TorchvisionRegistry(environment);
        Assert.Contains("IMAGENET1K_V2", (await Assert.ThrowsAsync<RevisionNotFoundException>(() =>
            registry.ResolveAsync(new ModelReference("torchvision", "resnet50", "V9"), CancellationToken.None))).Remedy, StringComparison.Ordinal);
        Assert.Contains("resnet50", (await Assert.ThrowsAsync<ModelNotFoundException>(() =>
            registry.ResolveAsync(new ModelReference("torchvision", "resnet51"), CancellationToken.None))).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_knows_the_table()
    {
        using var environment = new RegistryEnvironment(_ => null);
        var found = await new TorchvisionRegistry(environment).SearchAsync(new ModelSearch("resnet50 fpn", 3) { Task = "object-detection" }, CancellationToken.None);
        Assert.Equal(3, found.Count);
        Assert.All(found, each => Assert.Contains("resnet50_fpn", each.Model.Name, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("resnet50-0676ba61.pth", "0676ba61")]
    [InlineData("mnasnet1.0_top1_73.512-f206786ef8.pth", "f206786ef8")]
    [InlineData("vgg16_features-amdegroot-88682ab5.pth", "88682ab5")]
    [InlineData("resnet18_fbgemm_16fa66dd.pth", null)]
    [InlineData("model-1.0.pth", null)]
    [InlineData("model-.pth", null)]
    [InlineData("model-0676BA61.pth", null)]
    [InlineData("plain.pth", null)]
    public void Digest_is_read_from_a_name(string name, string? prefix) => Assert.Equal(prefix, TorchFile.DigestInName(name)?.Hex);

    [Fact]
    public async Task File_in_PyTorchs_cache_is_used_where_it_lies_if_it_is_right()
    {
        await using var machine = new StandInMachine<TorchvisionStandIn>(await TorchvisionStandIn.StartAsync());
        machine.Variables["TORCH_HOME"] = Path.Combine(machine.Folder, "torch");
        var cached = Path.Combine(machine.Folder, "torch", "hub", "checkpoints", machine.StandIn.FileName);
        Directory.CreateDirectory(Path.GetDirectoryName(cached)!); // Below the folder
        var content = machine.StandIn.Files[machine.StandIn.FileName];
        File.WriteAllBytes(cached, content[..^1]);
        var fetched = await machine.Store().FetchAsync(await machine.ResolveAsync());
        Assert.NotEqual(cached, fetched.Require(machine.StandIn.FileName));
        await machine.Store().RemoveAsync((await machine.ResolveAsync()).Manifest, CancellationToken.None);
        File.WriteAllBytes(cached, content);
        machine.ForgetRequests();
        Assert.Equal(cached, (await machine.Store().FetchAsync(await machine.ResolveAsync())).Require(machine.StandIn.FileName));
        Assert.Empty(machine.Requests);
    }

    [Fact]
    public async Task File_that_the_site_has_not_is_told()
    {
        await using var machine = new StandInMachine<TorchvisionStandIn>(await TorchvisionStandIn.StartAsync());
        await Assert.ThrowsAsync<FileNotInModelException>(() => machine.FetchAsync("torchvision:absent-0123abcd.pth"));
    }

    [Theory]
    [InlineData("timm:resnet50.a1_in1k", "hf", "timm/resnet50.a1_in1k", null)]
    [InlineData("timm:resnet50.a1_in1k@v1", "hf", "timm/resnet50.a1_in1k", "v1")]
    [InlineData("timm:resnet50.a1_in1k@direct", "timm", "resnet50.a1_in1k", "direct")]
    [InlineData("timm:hf-hub:org/name@rev", "hf", "org/name", "rev")]
    [InlineData("hf-hub:org/name", "hf", "org/name", null)]
    public void Timm_names_are_the_Hubs(string text, string registry, string name, string? revision) =>
        Assert.Equal(new ModelReference(registry, name, revision), TestMachine.Parse(text));

    [Theory]
    [InlineData("timm:org/name")]
    [InlineData("timm:a:b")]
    [InlineData("timm:")]
    [InlineData("torchvision:a/b")]
    [InlineData("torchvision:")]
    [InlineData("torchvision:../x.pth")]
    [InlineData("torchhub:owner")]
    [InlineData("torchhub:a/b/c/d")]
    [InlineData("torchhub:a/b/not-a-name")]
    [InlineData("torchhub:a/b:")]
    [InlineData("torchserve:a/b")]
    [InlineData("http://example.com/x.mar")]
    public void Anything_else_is_refused(string text) => Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));

    [Fact]
    public async Task Timm_has_addresses_besides_the_Hubs()
    {
        using var environment = new RegistryEnvironment(_ => null);
        var registry = new TimmRegistry(environment);
        var manifest = await registry.ResolveAsync(new ModelReference("timm", "resnet50.a1_in1k", "direct"), CancellationToken.None);
        Assert.Equal(("resnet50_a1_0-14fe96d1.pth", "14fe96d1"), (manifest.Files[0].Path, manifest.Files[0].Digest?.Hex));
        Assert.Equal(manifest.Commit, (await registry.ResolveAsync(manifest.Model with { Revision = manifest.Commit }, CancellationToken.None)).Commit);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => registry.ResolveAsync(new ModelReference("timm", "absent.x", "direct"), CancellationToken.None));
    }

    [Theory]
    [InlineData("sha256:a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447", true)]
    [InlineData("sha256-prefix:a948904f2f0f479b8f8197694b30184b0d2ed1c1", true)]
    [InlineData("sha256:b948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447", false)]
    [InlineData("sha1:a948904f2f0f479b8f8197694b30184b0d2ed1c1", false)]
    public void Prefix_matches_digests_that_begin_with_it(string actual, bool matches)
    {
        var prefix = Digest.Parse("sha256-prefix:a948904f");
        Assert.Equal(matches, prefix.Matches(Digest.Parse(actual)));
        Assert.Equal("sha256-prefix:a948904f", prefix.ToString());
        Assert.Throws<FormatException>(() => Digest.Parse("sha256-prefix:a948904"));
    }
}
