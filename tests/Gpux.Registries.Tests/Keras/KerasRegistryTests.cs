using Gpux.Registries.Download;
using Gpux.Registries.Keras;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Keras;

public sealed class KerasRegistryTests
{
    [Theory]
    [InlineData("keras:resnet50", "keras:ResNet50", "resnet50_weights_tf_dim_ordering_tf_kernels.h5", "md5:2cb95161c43110f7111970584f804107")]
    [InlineData("keras:ResNet50@notop", "keras:ResNet50@notop", "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "md5:4d473c1dd8becc155b73f8504c6f6626")]
    [InlineData("keras:NASNetMobile@notop", "keras:NASNetMobile@notop", "NASNet-mobile-no-top.h5", "md5:1ed92395b5b598bdda52abe5c0dbfd63")]
    [InlineData("keras:MobileNetV3Large_minimalistic@notop", "keras:MobileNetV3Large_minimalistic@notop",
        "weights_mobilenet_v3_large_minimalistic_224_1.0_float_no_top_v2.h5", "md5:ec5221f64a2f6d1ef965a614bdae7973")]
    [InlineData("keras:ConvNeXtTiny@top", "keras:ConvNeXtTiny@top", "convnext_tiny.h5", "sha256:8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff")]
    public async Task Names_are_found_in_the_table(string reference, string canonical, string file, string digest)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new KerasRegistry(machine.Environment());
        var manifest = await registry.ResolveAsync(reference);
        Assert.Equal(canonical, manifest.Model.ToString());
        Assert.Equal((file, digest), (manifest.Files[0].Path, manifest.Files[0].Digest?.ToString()));
        Assert.Equal(reference.Contains("notop", StringComparison.Ordinal) ? 1 : 2, manifest.Files.Count);
        Assert.Equal(manifest.Commit, (await registry.ResolveAsync($"keras:{manifest.Model.Name}@{manifest.Commit}")).Commit);
    }

    [Theory]
    [InlineData("MobileNet", true, "tensorflow/keras-applications/mobilenet/mobilenet_1_0_224_tf.h5")]
    [InlineData("mobilenet_0.75_160", false, "tensorflow/keras-applications/mobilenet/mobilenet_7_5_160_tf_no_top.h5")]
    [InlineData("MobileNetV2_1.4_224", true, "tensorflow/keras-applications/mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.4_224.h5")]
    [InlineData("MobileNetV2_1.4_192", true, null)]
    public void MobileNets_are_found_by_width_and_size(string name, bool hasTop, string? path) =>
        Assert.Equal(path, KerasApplications.Find(name, hasTop)?.Path);

    [Fact]
    public void Table_is_whole()
    {
        foreach (var hasTop in (bool[])[true, false])
        {
            var models = KerasApplications.All(hasTop).ToList();
            Assert.Equal(44 + 16 + 22, models.Count);
            Assert.Equal(models.Count, models.Select(model => model.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
            Assert.Equal(models.Count, models.Select(model => model.Path).Distinct().Count());
            Assert.All(models, model => Assert.EndsWith(".h5", model.Path, StringComparison.Ordinal));
            Assert.All(models, model => Assert.Contains(model.Preprocessing, (string[])["caffe", "tf", "torch", "none"]));
            Assert.All(models, model => Assert.InRange(model.InputSize, 96, 600));
            Assert.All(models.Take(44), model => Assert.Equal(model.Digest, Digest.Parse(model.Digest.ToString()!)));
        }
        Assert.Empty(KerasApplications.All(true).Select(model => model.Path).Intersect(KerasApplications.All(false).Select(model => model.Path)));
    }

    [Fact]
    public async Task Unknown_name_and_head_are_refused()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new KerasRegistry(machine.Environment());
        Assert.Contains("ResNet50", (await Assert.ThrowsAsync<ModelNotFoundException>(() => registry.ResolveAsync("keras:resnet51"))).Remedy, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UnknownHeadException>(() => registry.ResolveAsync("keras:ResNet50@main"));
    }

    [Theory]
    [InlineData("keras:bert/bert_tiny_en", "kaggle:keras/bert/keras/bert_tiny_en")]
    [InlineData("keras:bert/bert_tiny_en@2", "kaggle:keras/bert/keras/bert_tiny_en@2")]
    [InlineData("keras:kaggle://keras/bert/keras/bert_tiny_en/2", "kaggle:keras/bert/keras/bert_tiny_en@2")]
    [InlineData("keras:hf://google/gemma", "hf:google/gemma")]
    public void Presets_of_KerasHub_lead_to_their_registries(string text, string canonical) =>
        Assert.Equal(canonical, TestMachine.Parse(text).ToString());

    [Fact]
    public async Task File_without_published_hash_is_pinned_by_the_storages()
    {
        await using var keras = await KerasStandIn.StartAsync();
        await using var machine = TestMachine.With(keras);
        var store = machine.Store();
        var model = await store.ResolveAsync(keras.Reference);
        Assert.Equal((1 << 20) + 9, model.Manifest.Files[0].SizeBytes);
        Assert.Equal(DigestAlgorithm.Md5, model.Manifest.Files[0].Digest?.Algorithm);
        keras.Faults.Add(".h5", new Fault { Damages = true }, times: 2);
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
        keras.Faults.Add(".h5", new Fault { BreakAfter = 400_000 });
        Assert.Equal(keras.Files, (await store.FetchAsync(model)).Bytes());
        var requests = keras.Servers[0].Requests.Count;
        Assert.Equal(keras.Files, machine.Store().FindFiles((await machine.Store().ResolveAsync(keras.Reference, Lookup.PreferStore)).Manifest).Bytes());
        Assert.Equal(requests, keras.Servers[0].Requests.Count);
    }

    [Fact]
    public async Task Page_or_wrong_file_is_no_weights()
    {
        await using var keras = await KerasStandIn.StartAsync();
        await using var machine = TestMachine.With(keras);
        var store = machine.Store();
        var model = await store.ResolveAsync(keras.Reference);
        keras.Faults.Add(".h5", new Fault { Status = 200, Body = "<html>", Headers = new Dictionary<string, string> { ["Content-Type"] = "text/html" } }, times: 2);
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => store.ResolveAsync(keras.Reference));
        await Assert.ThrowsAsync<UnexpectedReplyException>(() => store.FetchAsync(model));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => store.ResolveAsync("keras:MobileNetV2"));
        keras.Add("/keras-applications/efficientnetb0_notop.h5", [1, 2, 3]);
        var other = await store.ResolveAsync("keras:EfficientNetB0@notop");
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(other));
        var absent = await store.ResolveAsync("keras:VGG16@notop");
        await Assert.ThrowsAsync<FileNotInModelException>(() => store.FetchAsync(absent));
    }

    [Fact]
    public async Task Cache_of_Keras_is_used_where_it_lies_if_its_hash_fits()
    {
        await using var machine = TestMachine.WithoutNetwork();
        machine.Variables["GPUX_KERAS_ENDPOINT"] = "http://127.0.0.1:9";
        var (name, content) = ("a file of weights"u8.ToArray(), Path.Combine(machine.Folder, ".keras", "models"));
        Directory.CreateDirectory(content);
        var cached = Path.Combine(content, "nasnet_mobile_no_top.h5");
        File.WriteAllBytes(cached, name);
        // Nobody has bytes of the real hash, so the manifest is given the hash of these.
        var store = machine.Store();
        var model = await store.ResolveAsync("keras:NASNetMobile@notop");
#pragma warning disable CA5351 // What the table has
        var digest = new Digest(DigestAlgorithm.Md5, Convert.ToHexStringLower(System.Security.Cryptography.MD5.HashData(name)));
#pragma warning restore CA5351
        var fitting = model with { Manifest = model.Manifest with { Files = [model.Manifest.Files[0] with { Digest = digest }] } };
        Assert.Equal(cached, (await store.FetchAsync(fitting)).Require("NASNet-mobile-no-top.h5"));
        await store.RemoveAsync(model.Manifest, CancellationToken.None);
        Assert.True(File.Exists(cached));
        // With the published hash it does not fit.
        await Assert.ThrowsAnyAsync<GpuxException>(() => store.FetchAsync(model));
    }

    [Fact]
    public async Task Search_goes_through_the_table()
    {
        await using var machine = TestMachine.WithoutNetwork();
        var registry = new KerasRegistry(machine.Environment());
        var found = await registry.SearchAsync(new ModelSearch("resnet50", 10), CancellationToken.None);
        Assert.Equal(["keras:ResNet50", "keras:ResNet50V2"], found.Select(model => model.Model.ToString()));
        Assert.Equal(82, (await registry.SearchAsync(new ModelSearch("imagenet", 200), CancellationToken.None)).Count);
        Assert.Empty(await registry.SearchAsync(new ModelSearch("", 5) { Task = "text-generation" }, CancellationToken.None));
        Assert.Equal(5, (await registry.SearchAsync(new ModelSearch("", 5), CancellationToken.None)).Count);
    }
}
