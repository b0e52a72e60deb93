using System.Text;
using Gpux.Registries.Download;
using Gpux.Registries.Kaggle;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Kaggle;

public sealed class KaggleRegistryTests
{
    [Theory]
    [InlineData("kaggle:google/gemma/keras/2b", "kaggle:google/gemma/keras/2b")]
    [InlineData("kaggle:google/gemma/keras/2b/3", "kaggle:google/gemma/keras/2b@3")]
    [InlineData("kaggle:google/gemma/keras/2b@3", "kaggle:google/gemma/keras/2b@3")]
    [InlineData("kaggle://google/gemma/TensorFlow2/2b/3", "kaggle:google/gemma/tensorFlow2/2b@3")]
    [InlineData("kaggle:google/gemma/tensor_flow_2/2b", "kaggle:google/gemma/tensorFlow2/2b")]
    [InlineData("kaggle:google/gemma", "kaggle:google/gemma")]
    [InlineData("https://www.kaggle.com/models/google/gemma/tensorFlow2/2b/3", "kaggle:google/gemma/tensorFlow2/2b@3")]
    [InlineData("https://www.kaggle.com/models/google/gemma?tab=versions", "kaggle:google/gemma")]
    public void Handles_are_read_and_written(string text, string canonical)
    {
        var model = TestMachine.Parse(text);
        Assert.Equal(canonical, model.ToString());
        Assert.Equal(model, TestMachine.Parse(canonical));
    }

    [Theory]
    [InlineData("kaggle:google")]
    [InlineData("kaggle:google/gemma/keras/2b/0")]
    [InlineData("kaggle:google/gemma/keras/2b/latest")]
    [InlineData("kaggle:google/gemma/keras/2b/1@2")]
    [InlineData("kaggle:google/gemma/keras/2b/1/2")]
    [InlineData("kaggle:../gemma/keras/2b")]
    [InlineData("https://www.kaggle.com/datasets/a/b")]
    public void Anything_else_is_refused(string text) =>
        Assert.Throws<InvalidReferenceException>(() => TestMachine.Parse(text));

    [Fact]
    public async Task Newest_version_is_pinned_and_listed()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var manifest = await new KaggleRegistry(machine.Environment()).ResolveAsync(kaggle.Reference);
        Assert.Equal("2", manifest.Properties["version"]);
        Assert.Equal("keras", manifest.Properties["library_name"]);
        Assert.Equal("Apache 2.0", manifest.Licence);
        Assert.Equal("https://www.kaggle.com/models/keras/bert/keras/tiny/2", manifest.Source);
        Assert.Equal(kaggle.Files.Select(file => (file.Key, (long?)file.Value.Length)), manifest.Files.Select(file => (file.Path, file.SizeBytes)));
        Assert.All(kaggle.Servers[0].Requests, request => Assert.Equal($"Bearer {kaggle.Secret}", request.Header("Authorization")));
    }

    [Fact]
    public async Task Versions_are_told_apart()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var store = machine.Store();
        var first = await store.ResolveAsync("kaggle:keras/bert/keras/tiny/1");
        Assert.Equal("{\"old\":1}", File.ReadAllText((await store.FetchAsync(first)).Require("config.json")));
        var second = await store.ResolveAsync("kaggle:keras/bert/keras/tiny@2");
        Assert.NotEqual(first.Manifest.Commit, second.Manifest.Commit);
        Assert.Equal(second.Manifest.Commit, (await store.ResolveAsync(kaggle.Reference)).Manifest.Commit);
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => store.ResolveAsync("kaggle:keras/bert/keras/tiny/9"));
        await Assert.ThrowsAsync<RevisionNotFoundException>(() => store.ResolveAsync($"kaggle:keras/bert/keras/tiny@{new string('a', 64)}"));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => store.ResolveAsync("kaggle:keras/bert/keras/absent"));
        Assert.Equal("1", (await store.ResolveAsync($"kaggle:keras/bert/keras/tiny@{first.Manifest.Commit}")).Manifest.Properties["version"]);
    }

    [Fact]
    public async Task Name_without_variation_is_completed_where_there_is_one()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var registry = new KaggleRegistry(machine.Environment());
        Assert.Equal("google/gemma/tensorFlow2/2b", (await registry.ResolveAsync("kaggle:google/gemma")).Model.Name);
        var several = await Assert.ThrowsAsync<UnknownVariationException>(() => registry.ResolveAsync("kaggle:keras/bert/keras"));
        Assert.Contains("keras/large, keras/tiny", several.Remedy, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => registry.ResolveAsync("kaggle:nobody/none"));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Few_files_are_fetched_by_themselves(bool zips, bool hidesMd5)
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        (kaggle.ZipsFiles, kaggle.HidesMd5) = (zips, hidesMd5);
        await using var machine = TestMachine.With(kaggle);
        var store = machine.Store();
        var model = await store.ResolveAsync(kaggle.Reference);
        Assert.Equal(kaggle.Files.OrderBy(file => file.Key), (await store.FetchAsync(model)).Bytes().OrderBy(file => file.Key));
        Assert.All(kaggle.Servers[1].Requests, request => Assert.Null(request.Header("Authorization")));
        Assert.DoesNotContain(Directory.EnumerateFiles(machine.Folder, "*", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains(kaggle.Secret, StringComparison.Ordinal));
        // Days later, from the manifest alone.
        var requests = kaggle.Servers[0].Requests.Count;
        var stored = await machine.Store().ResolveAsync(kaggle.Reference, Lookup.PreferStore);
        Assert.Equal(3, (await machine.Store().FetchAsync(stored)).Names.Count());
        Assert.Equal(requests, kaggle.Servers[0].Requests.Count);
    }

    [Fact]
    public async Task Part_of_a_zipped_file_is_read_from_its_start()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        kaggle.ZipsFiles = true;
        await using var machine = TestMachine.With(kaggle);
        var store = machine.Store();
        var model = (await store.ResolveAsync(kaggle.Reference)).Manifest;
        var part = await store.ReadAsync(model, model.Files.Single(file => file.Path == "model.weights.h5"), 1000, 16, CancellationToken.None);
        Assert.Equal(kaggle.Files["model.weights.h5"][1000..1016], part);
    }

    [Fact]
    public async Task Many_files_come_as_an_archive()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var store = machine.Store();
        var model = await store.ResolveAsync("kaggle:keras/bert/keras/large");
        Assert.True(Assert.Single(model.Manifest.Files).IsArchive);
        var files = await store.FetchAsync(model);
        Assert.Equal(30, files.Names.Count());
        Assert.Equal([7], File.ReadAllBytes(files.Require("shard-7.bin")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Damaged_file_is_found_by_either_hash(bool hidesMd5)
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        kaggle.HidesMd5 = hidesMd5;
        await using var machine = TestMachine.With(kaggle);
        kaggle.Faults.Add("model.weights.h5?X-Goog", new Fault { Damages = true }, times: 2);
        var store = machine.Store();
        var model = await store.ResolveAsync(kaggle.Reference);
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
        Assert.Equal(3, (await store.FetchAsync(model)).Names.Count());
    }

    [Fact]
    public async Task Broken_download_goes_on_where_it_stopped()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        kaggle.Faults.Add("model.weights.h5?X-Goog", new Fault { BreakAfter = 500_000 });
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(kaggle.Reference));
        Assert.Equal(kaggle.Files["model.weights.h5"], File.ReadAllBytes(files.Require("model.weights.h5")));
        Assert.Contains(kaggle.Servers[1].Requests, request => request.Header("If-Range") is not null);
    }

    [Fact]
    public async Task Signed_address_that_expired_is_asked_for_again()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        kaggle.Faults.Add("config.json?X-Goog", new Fault { Status = 403, Body = "<Error><Code>ExpiredToken</Code></Error>" });
        var store = machine.Store();
        Assert.Equal(3, (await store.FetchAsync(await store.ResolveAsync(kaggle.Reference))).Names.Count());
    }

    [Fact]
    public async Task Licence_that_was_not_accepted_names_the_page()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var store = machine.Store();
        var model = await store.ResolveAsync("kaggle:google/gemma/tensorFlow2/2b/3");
        var refused = await Assert.ThrowsAsync<GatedModelException>(() => store.FetchAsync(model));
        Assert.Equal("https://www.kaggle.com/models/google/gemma/tensorFlow2/2b/3", refused.Page.ToString());
        Assert.DoesNotContain(kaggle.Secret, refused.ToString(), StringComparison.Ordinal);
        machine.Variables.Remove("KAGGLE_API_TOKEN");
        refused = await Assert.ThrowsAsync<GatedModelException>(() => machine.Store().FetchAsync(model));
        Assert.Contains("KAGGLE_API_TOKEN", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_token_is_no_missing_model()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        machine.Variables["KAGGLE_API_TOKEN"] = "wrong_token";
        var refused = await Assert.ThrowsAsync<AccessDeniedException>(() => machine.Store().ResolveAsync(kaggle.Reference));
        Assert.DoesNotContain("wrong_token", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"code":404,"message":"Not here"}""", typeof(ModelNotFoundException))]
    [InlineData("""{"code":403,"message":"Consent"}""", typeof(GatedModelException))]
    [InlineData("""{"code":401,"message":"Who?"}""", typeof(AccessDeniedException))]
    [InlineData("""{"error":"Something"}""", typeof(UnexpectedReplyException))]
    [InlineData("<html>Sign in</html>", typeof(UnexpectedReplyException))]
    [InlineData("[]", typeof(UnexpectedReplyException))]
    [InlineData("{}", typeof(UnexpectedReplyException))]
    public async Task Error_with_status_200_is_one(string body, Type expected)
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        kaggle.Faults.Add("/get", new Fault { Status = 200, Body = body });
        await Assert.ThrowsAsync(expected, () => machine.Store().ResolveAsync(kaggle.Reference));
    }

    [Fact]
    public async Task Error_instead_of_a_file_is_no_file()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var store = machine.Store();
        var model = await store.ResolveAsync("kaggle:keras/bert/keras/large");
        kaggle.Faults.Add("/download", new Fault
        {
            Status = 200, Body = """{"code":403,"message":"Consent"}""",
            Headers = new Dictionary<string, string> { ["Content-Type"] = "application/json", ["Content-Length"] = "32" },
        });
        await Assert.ThrowsAsync<GatedModelException>(() => store.FetchAsync(model));
    }

    [Fact]
    public async Task Hostile_listing_is_refused()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        kaggle.Add("x/y/onnx/z/1", new() { ["../evil"] = [1] });
        await Assert.ThrowsAsync<UnsafePathException>(() => machine.Store().ResolveAsync("kaggle:x/y/onnx/z"));
        kaggle.Add("x/y/onnx/w/1", new() { ["a.bin"] = [1], ["A.bin"] = [2] });
        await Assert.ThrowsAsync<UnsafePathException>(() => machine.Store().ResolveAsync("kaggle:x/y/onnx/w"));
    }

    [Fact]
    public async Task Credentials_are_taken_in_their_order()
    {
        await using var machine = TestMachine.WithoutNetwork();
        string? Credential() => KaggleSettings.ReadCredential(machine.Environment())?.ToString();
        Assert.Null(Credential());
        var folder = Path.Combine(machine.Folder, ".kaggle");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "kaggle.json"), """{"username":"user","key":"key"}""");
        Assert.Equal("Basic dXNlcjprZXk=", Credential());
        machine.Variables["KAGGLE_CONFIG_DIR"] = Path.Combine(machine.Folder, "elsewhere");
        Assert.Null(Credential());
        (machine.Variables["KAGGLE_USERNAME"], machine.Variables["KAGGLE_KEY"]) = ("other", "key");
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("other:key")), Credential());
        File.WriteAllText(Path.Combine(folder, "access_token.txt"), "from-text\n");
        Assert.Equal("Bearer from-text", Credential());
        File.WriteAllText(Path.Combine(folder, "access_token"), "from-file\n");
        Assert.Equal("Bearer from-file", Credential());
        machine.Variables["KAGGLE_API_TOKEN"] = "from-variable";
        Assert.Equal("Bearer from-variable", Credential());
        File.WriteAllText(Path.Combine(machine.Folder, "token"), "from-path");
        machine.Variables["KAGGLE_API_TOKEN"] = Path.Combine(machine.Folder, "token");
        Assert.Equal("Bearer from-path", Credential());
    }

    [Fact]
    public async Task Cache_of_kagglehub_is_used_where_it_lies_without_a_request()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var variation = Path.Combine(machine.Folder, ".cache", "kagglehub", "models", "keras", "bert", "keras", "tiny");
        Directory.CreateDirectory(Path.Combine(variation, "2", "assets", "tokenizer"));
        foreach (var (name, content) in kaggle.Files)
            File.WriteAllBytes(Path.Combine(variation, "2", name), content);
        File.WriteAllText(Path.Combine(variation, "2.complete"), "");
        var store = machine.Store();
        var model = await store.ResolveAsync("kaggle:keras/bert/keras/tiny/2");
        var files = await store.FetchAsync(model);
        Assert.Equal(Path.Combine(variation, "2", "config.json"), files.Require("config.json"));
        Assert.Equal(3, files.Names.Count());
        Assert.Empty(kaggle.Servers[0].Requests);
        // The registry means the same by it.
        Assert.Equal(model.Manifest.Commit, (await store.ResolveAsync(kaggle.Reference)).Manifest.Commit);
        // What is gone from there is fetched.
        Directory.Delete(variation, recursive: true);
        Assert.Equal(kaggle.Files.OrderBy(file => file.Key), (await store.FetchAsync(model)).Bytes().OrderBy(file => file.Key));
    }

    [Fact]
    public async Task Single_file_of_that_cache_is_used_too()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        machine.Variables["KAGGLEHUB_CACHE"] = Path.Combine(machine.Folder, "hub");
        var variation = Path.Combine(machine.Folder, "hub", "models", "keras", "bert", "keras", "tiny");
        Directory.CreateDirectory(Path.Combine(variation, "2"));
        Directory.CreateDirectory(Path.Combine(variation, ".complete", "2"));
        File.WriteAllBytes(Path.Combine(variation, "2", "config.json"), kaggle.Files["config.json"]);
        File.WriteAllText(Path.Combine(variation, "2", "model.weights.h5"), "half");
        File.WriteAllText(Path.Combine(variation, ".complete", "2", "config.json.complete"), "");
        var store = machine.Store();
        var files = await store.FetchAsync(await store.ResolveAsync(kaggle.Reference));
        Assert.Equal(Path.Combine(variation, "2", "config.json"), files.Require("config.json"));
        Assert.Equal(kaggle.Files["model.weights.h5"], File.ReadAllBytes(files.Require("model.weights.h5")));
    }

    [Fact]
    public async Task Search_goes_on_page_by_page()
    {
        await using var kaggle = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(kaggle);
        var registry = new KaggleRegistry(machine.Environment());
        var all = await registry.SearchAsync(new ModelSearch("", 10), CancellationToken.None);
        Assert.Equal(["kaggle:google/gemma/tensorFlow2/2b", "kaggle:keras/bert/keras/large", "kaggle:keras/bert/keras/tiny"],
            all.Select(found => found.Model.ToString()).Order(StringComparer.Ordinal));
        Assert.All(all, found => Assert.Equal("Apache 2.0", found.Licence));
        Assert.Equal(2, (await registry.SearchAsync(new ModelSearch("bert", 10), CancellationToken.None)).Count);
        Assert.Single(await registry.SearchAsync(new ModelSearch("", 1), CancellationToken.None));
        Assert.Equal(2, (await registry.SearchAsync(new ModelSearch("", 10) { MaximalBytes = 100 }, CancellationToken.None)).Count);
        Assert.Empty(await registry.SearchAsync(new ModelSearch("", 10) { Licence = "mit" }, CancellationToken.None));
    }
}
