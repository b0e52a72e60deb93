using Gpux.Models.Detection;
using Gpux.Registries;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Models.Tests.Detection;

public sealed class ModelSourceTests : IDisposable
{
    private const string Commit = "607a30d783dfa663caf39e06633721c8d4cfcd7e";
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-source-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The table of hub-ids.md but for what exists: those have tests of their own.</summary>
    public static TheoryData<int, string, SourceKind, string?, string?> Texts => new()
    {
        { 1, "gpt2", SourceKind.Hub, "gpt2", null },
        { 2, "bert-base-uncased", SourceKind.Hub, "bert-base-uncased", null },
        { 3, "google/flan-t5-xl", SourceKind.Hub, "google/flan-t5-xl", null },
        { 4, "meta-llama/Llama-2-7b-hf@main", SourceKind.Hub, "meta-llama/Llama-2-7b-hf", "main" },
        { 5, "google/flan-t5-xl@v1.0", SourceKind.Hub, "google/flan-t5-xl", "v1.0" },
        { 6, "bert-base-uncased@refs/pr/1", SourceKind.Hub, "bert-base-uncased", "refs/pr/1" },
        { 7, "org/model@feature/new-head", SourceKind.Hub, "org/model", "feature/new-head" },
        { 8, $"org/model@{Commit}", SourceKind.Hub, "org/model", Commit },
        { 9, "timm/resnet50.a1_in1k", SourceKind.Hub, "timm/resnet50.a1_in1k", null },
        { 10, "_org/_repo", SourceKind.Hub, "_org/_repo", null },
        { 11, "foo-.bar", SourceKind.Hub, "foo-.bar", null },
        { 12, new string('x', 96), SourceKind.Hub, new string('x', 96), null },
        { 13, new string('x', 97), SourceKind.Invalid, null, null },
        { 14, "org/" + new string('x', 96), SourceKind.Hub, "org/" + new string('x', 96), null },
        { 15, "datasets/foo/bar", SourceKind.Invalid, null, null },
        { 16, ".repo_id", SourceKind.Invalid, null, null },
        { 17, "repo_id.", SourceKind.Invalid, null, null },
        { 18, "org-/repo", SourceKind.Invalid, null, null },
        { 19, "foo--bar", SourceKind.Invalid, null, null },
        { 20, "foo..bar", SourceKind.Invalid, null, null },
        { 21, "org/foo.git", SourceKind.Invalid, null, null },
        { 22, "org/m\n", SourceKind.Invalid, null, null },
        { 23, "org/mödel", SourceKind.Invalid, null, null },
        { 24, "org model", SourceKind.Invalid, null, null },
        { 25, "org//m", SourceKind.Invalid, null, null },
        { 26, "org/", SourceKind.Missing, null, null },
        { 27, "org/model@", SourceKind.Invalid, null, null },
        { 28, "org/model@a..b", SourceKind.Invalid, null, null },
        { 29, "./gpt2", SourceKind.Missing, null, null },
        { 31, @"C:\models\m", SourceKind.Missing, null, null },
        { 32, "C:/models/m", SourceKind.Missing, null, null },
        { 33, @"\\server\share\m", SourceKind.Missing, null, null },
        { 34, @"org\model", SourceKind.Missing, null, null },
        { 36, "models/resnet50.onnx", SourceKind.Missing, null, null },
        { 37, "hf://org/model@refs/pr/3/onnx/model.onnx", SourceKind.Hub, "org/model", "refs/pr/3" },
        { 38, "hf://gpt2", SourceKind.Invalid, null, null },
        { 39, "org/model:latest", SourceKind.Invalid, null, null },
        // Those of the integration design.
        { 101, "./local/model", SourceKind.Missing, null, null },
        { 102, "/absolute/path", SourceKind.Missing, null, null },
        { 103, "../up", SourceKind.Missing, null, null },
        { 104, "~/nothing-of-gpux", SourceKind.Missing, null, null },
        { 105, "model@revision", SourceKind.Hub, "model", "revision" },
        { 106, "org/model@branch", SourceKind.Hub, "org/model", "branch" },
        { 107, "openai/clip-vit-base-patch32", SourceKind.Hub, "openai/clip-vit-base-patch32", null },
        { 108, "a/b/c", SourceKind.Invalid, null, null },
        { 109, "", SourceKind.Invalid, null, null },
        { 110, "samples/language-id", SourceKind.Registry, "language-id", null },
        { 111, "models--org--name", SourceKind.Invalid, null, null },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Text_tells_its_source_by_its_form(int number, string text, SourceKind kind, string? id, string? revision)
    {
        Assert.True(number > 0);
        var source = ModelSource.Detect(text);
        Assert.Equal((kind, id, revision), (source.Kind, source.Id, source.Revision));
        Assert.Equal(kind is SourceKind.Missing or SourceKind.Invalid, source.Problem is not null);
        Assert.Equal(revision == Commit ? Commit : null, source.Commit);
        Assert.Equal(HubVerification.Unverified, source.Verification);
    }

    [Theory]
    [InlineData("/home/me/.cache/huggingface/hub/models--org--name/snapshots/" + Commit, "org/name", Commit)]
    [InlineData("/home/me/.cache/huggingface/hub/models--org--name/snapshots/" + Commit + "/onnx/model.onnx", "org/name", Commit)]
    [InlineData(@"C:\Users\me\.cache\huggingface\hub\models--org--na.me_1\snapshots\" + Commit + @"\config.json", "org/na.me_1", Commit)]
    [InlineData(@"D:/hf/models--gpt2\snapshots/" + Commit, "gpt2", Commit)]
    [InlineData("/x/models--org--name", "org/name", null)]
    [InlineData("/x/models--org--name/", "org/name", null)]
    [InlineData("/x/models--org--name/blobs/248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707", "org/name", null)]
    [InlineData("cache/models--a--b/snapshots/" + Commit, "a/b", Commit)]
    public void Path_in_a_cache_that_is_not_here_tells_the_model(string path, string id, string? commit)
    {
        var source = ModelSource.Detect(path);
        Assert.Equal((SourceKind.Hub, SourceEvidence.CachePath, id, commit, null), (source.Kind, source.Evidence, source.Id, source.Commit, source.Path));
    }

    [Theory]
    [InlineData("/x/datasets--org--name/snapshots/" + Commit)]
    [InlineData("/x/models--a--b--c/snapshots/" + Commit)]
    [InlineData("/x/models--org--name/snapshots/main")]
    [InlineData("/x/models--org--name/refs/main")]
    public void Path_that_is_no_models_place_in_a_cache_is_missing(string path) => Assert.Equal(SourceKind.Missing, ModelSource.Detect(path).Kind);

    [Fact] // 40 of hub-ids.md
    public void Snapshot_and_what_is_in_it_are_of_the_Hub_and_here()
    {
        var model = Path.Combine(_folder, "models--org--name");
        var snapshot = Directory.CreateDirectory(Path.Combine(model, "snapshots", Commit)).FullName;
        var blob = Write("models--org--name/blobs/abcdef", "{}");
        File.CreateSymbolicLink(Path.Combine(snapshot, "config.json"), "../../blobs/abcdef");
        foreach (var path in (string[])[snapshot, Path.Combine(snapshot, "config.json"), model, blob])
        {
            var source = ModelSource.Detect(path);
            Assert.Equal((SourceKind.Hub, SourceEvidence.CachePath, "org/name", Commit, path), (source.Kind, source.Evidence, source.Id, source.Commit, source.Path));
        }
    }

    [Fact]
    public void Current_commit_of_a_cache_is_what_main_refers_to()
    {
        var other = new string('b', 40);
        foreach (var commit in (string[])[Commit, other])
            Directory.CreateDirectory(Path.Combine(_folder, "models--m", "snapshots", commit));
        Assert.Null(ModelSource.Detect(Path.Combine(_folder, "models--m")).Commit);
        Write("models--m/refs/main", other);
        Assert.Equal(other, ModelSource.Detect(Path.Combine(_folder, "models--m")).Commit);
    }

    [Theory]
    [InlineData("""{"_name_or_path":"google/flan-t5-xl","model_type":"t5","architectures":["T5ForConditionalGeneration"]}""", SourceKind.Hub, "google/flan-t5-xl", null)]
    [InlineData("""{"_name_or_path":"/root/.cache/huggingface/hub/models--org--m/snapshots/607a30d783dfa663caf39e06633721c8d4cfcd7e/"}""", SourceKind.Hub, "org/m", Commit)]
    [InlineData("""{"_name_or_path":"./results/checkpoint-500","model_type":"bert","architectures":["BertModel"]}""", SourceKind.Local, null, null)]
    [InlineData("""{"_name_or_path":"","model_type":"bert","architectures":["BertModel"]}""", SourceKind.Local, null, null)]
    [InlineData("""{"_name_or_path":7}""", SourceKind.Local, null, null)]
    [InlineData("not JSON", SourceKind.Local, null, null)]
    public void Folder_tells_its_source_by_the_trace_in_its_configuration(string config, SourceKind kind, string? id, string? commit)
    {
        Write("m/config.json", config);
        var source = ModelSource.Detect(Path.Combine(_folder, "m"));
        Assert.Equal((kind, id, commit, Path.Combine(_folder, "m")), (source.Kind, source.Id, source.Commit, source.Path));
        Assert.Equal(kind == SourceKind.Local && config.Contains("architectures", StringComparison.Ordinal), source.IsHubCompatible);
    }

    [Fact]
    public void Onnx_file_tells_its_source_by_its_metadata_and_so_does_its_folder()
    {
        var path = TinyOnnx.Write(Path.Combine(_folder, "m", "model.onnx"), ("hf_hub_id", "org/m"), ("hf_hub_revision", Commit), ("hf_model_type", "hub"));
        foreach (var place in (string[])[path, Path.GetDirectoryName(path)!])
        {
            var source = ModelSource.Detect(place);
            Assert.Equal((SourceKind.Hub, SourceEvidence.OnnxMetadata, "org/m", Commit, place), (source.Kind, source.Evidence, source.Id, source.Commit, source.Path));
        }
        var prefix = ModelSource.Detect(TinyOnnx.Write(Path.Combine(_folder, "p.onnx"), ("hf_hub_id", "org/m"), ("hf_hub_revision", "607a30d7")));
        Assert.Equal((SourceKind.Hub, "607a30d7", null), (prefix.Kind, prefix.Revision, prefix.Commit));
        var local = ModelSource.Detect(TinyOnnx.Write(Path.Combine(_folder, "l.onnx"), ("hf_hub_id", "/my/model"), ("hf_model_type", "local")));
        Assert.Equal((SourceKind.Local, "/my/model"), (local.Kind, local.Id));
        Assert.Equal(SourceKind.Local, ModelSource.Detect(TinyOnnx.Write(Path.Combine(_folder, "n.onnx"))).Kind);
        Assert.Equal(SourceKind.Local, ModelSource.Detect(Write("text.onnx", "no model")).Kind);
    }

    [Fact]
    public async Task Hub_verifies_names_the_commit_or_denies()
    {
        await using var hub = await HubStandIn.StartAsync();
        hub.Add("org/m").With("config.json", "{}").Revisions["v1"] = new string('b', 40);
        hub.Add("org/private").With("config.json", "{}").Access = HubAccess.Private;
        using var environment = Environment(("HF_ENDPOINT", hub.Endpoint));
        var store = new ModelStore(environment);
        async Task<ModelSource> Verify(string text) => await ModelSource.Detect(text).VerifyAsync(store, null, CancellationToken.None);

        Assert.Equal((HubVerification.Verified, new string('a', 39) + "1"), await Verify("org/m") is var main ? (main.Verification, main.Commit) : default);
        Assert.Equal((HubVerification.Verified, new string('b', 40)), await Verify("org/m@v1") is var tagged ? (tagged.Verification, tagged.Commit) : default);
        Assert.Equal(HubVerification.NotFound, (await Verify("org/m@nothing")).Verification);
        Assert.Equal(HubVerification.NotFound, (await Verify("org/other")).Verification);
        Assert.Equal(HubVerification.NotFound, (await Verify("org/private")).Verification);
        var stale = await (ModelSource.Detect("org/m@v1") with { Commit = new string('c', 40) }).VerifyAsync(store, null, CancellationToken.None);
        Assert.Equal((HubVerification.OtherCommit, new string('c', 40)), (stale.Verification, stale.Commit));
        await Assert.ThrowsAsync<InvalidOperationException>(() => ModelSource.Detect("./x").VerifyAsync(store, null, CancellationToken.None));
    }

    [Fact]
    public async Task Without_a_network_a_source_stays_unverified_and_says_why()
    {
        using var environment = Environment(("HF_HUB_OFFLINE", "1"));
        var source = await ModelSource.Detect("org/m").VerifyAsync(new ModelStore(environment), null, CancellationToken.None);
        Assert.Equal(HubVerification.Unverified, source.Verification);
        Assert.Contains("HF_HUB_OFFLINE", source.VerificationNote, StringComparison.Ordinal);
    }

    private RegistryEnvironment Environment(params (string Name, string Value)[] more) => TestHome.Environment(_folder, more);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
