using System.Diagnostics;
using System.Text.Json;
using Gpux.Onnx.Metadata;
using Gpux.StandIns;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>ONNX files that say what they are: exported, asked, changed, and run by what they say.</summary>
[Trait("Category", "Slow")]
public sealed class MetadataTests : IDisposable
{
    private static readonly string Repository = Corpus.PathOf("pipelines", "text-classification-bert", "repo");
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task An_exported_file_runs_alone_in_an_empty_folder()
    {
        await using var hub = await HubStandIn.StartAsync();
        var model = hub.Add("org/sentiment").WithFolder(Repository);
        model.Info = "\"library_name\":\"transformers\",\"downloads\":10,\"likes\":1,\"gated\":false,\"private\":false,\"tags\":[\"license:mit\"]";
        model.Revisions["v1"] = new string('b', 40);
        _user.Variables["HF_ENDPOINT"] = hub.Endpoint;
        var exported = await _user.RunAsync("export", "org/sentiment@v1", "-o", "out/m.onnx", "--verify-hub", "--json");
        Assert.True(exported.ExitCode == 0, exported.ToString());
        Assert.Equal(["m.onnx"], Directory.EnumerateFileSystemEntries(Path.Combine(_user.Folder, "out")).Select(path => Path.GetFileName(path)));
        var metadata = (await _user.RunAsync("info", "out/m.onnx", "--json")).Json;
        Assert.Equal(("org/sentiment", new string('b', 40), "text-classification"), (metadata.GetProperty("hub_id").GetString(),
            metadata.GetProperty("revision").GetString(), metadata.GetProperty("task").GetString()));
        Directory.CreateDirectory(Path.Combine(_user.Folder, "elsewhere"));
        File.Move(Path.Combine(_user.Folder, "out", "m.onnx"), Path.Combine(_user.Folder, "elsewhere", "moved.onnx"));

        hub.ForgetRequests();
        _user.Variables["HF_HUB_OFFLINE"] = "1";
        await AssertAnswersAsync("elsewhere/moved.onnx");
        Assert.Empty(hub.Requests);

        // A machine that has never seen the model asks the Hub for what is small.
        _user.Variables["HF_HUB_OFFLINE"] = null;
        _user.Variables["HF_HUB_CACHE"] = Path.Combine(_user.Folder, "empty-cache");
        await AssertAnswersAsync("elsewhere/moved.onnx");
        Assert.DoesNotContain(hub.Requests, request => request.Target.Contains("safetensors", StringComparison.Ordinal) && request.Target.Contains("resolve", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_Hub_must_confirm_what_is_exported()
    {
        await using var hub = await HubStandIn.StartAsync();
        var model = hub.Add("org/sentiment").WithFolder(Repository);
        _user.Variables["HF_ENDPOINT"] = hub.Endpoint;
        Assert.Equal(0, (await _user.RunAsync("pull", "org/sentiment")).ExitCode);
        // The branch has moved; the Hub still has the commit that is on this machine.
        model.Revisions["old"] = model.Revisions["main"];
        model.Revisions["main"] = new string('c', 40);
        var stale = await _user.RunAsync("export", "org/sentiment", "-o", "m.onnx", "--verify-hub");
        Assert.Equal(1, stale.ExitCode);
        Assert.Contains("GPUX1080", stale.Error, StringComparison.Ordinal);
        Assert.Contains($"commit {model.Revisions["old"]} would be recorded", stale.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_user.Folder, "m.onnx")));
        var local = await _user.RunAsync("export", Repository, "-o", "m.onnx", "--verify-hub", "--json");
        Assert.Equal(1, local.ExitCode);
        Assert.Contains("HubVerification", local.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exported_file_says_what_the_schema_demands()
    {
        var schema = await _user.RunAsync("metadata", "schema");
        Assert.Equal(File.ReadAllText(Path.Combine(Corpus.Repository, "docs", "formats", "onnx-metadata.schema.json")), schema.Output);
        foreach (var (model, file) in ((string, string)[])[(Repository, "local.onnx"), ("samples/language-id", "sample.onnx")])
        {
            Assert.Equal(0, (await _user.RunAsync("export", model, "-o", file)).ExitCode);
            var metadata = (await _user.RunAsync("metadata", "show", file, "--json")).Json[0].GetProperty("metadata");
            Assert.Empty(SchemaCheck.Problems(schema.Json, metadata));
            // They stand last, so that removing them makes the file shorter.
            Assert.True((await _user.RunAsync("metadata", "clear", file, "--json")).Json[0].GetProperty("bytes_added").GetInt64() < 0);
        }
        Assert.NotEmpty(SchemaCheck.Problems(schema.Json, JsonDocument.Parse("""{"hf_hub_id":"a/b/c","hf_model_type":"hub","hf_export_version":"1","hf_hub_revision":"x"}""").RootElement));
        Assert.NotEmpty(SchemaCheck.Problems(schema.Json, JsonDocument.Parse("""{"hf_hub_id":"a","hf_model_type":"cloud","hf_export_version":"1"}""").RootElement));
    }

    [Fact]
    public async Task Many_files_are_changed_and_one_that_cannot_be_is_named()
    {
        Assert.Equal(0, (await _user.RunAsync("export", Repository, "-o", "models/a.onnx")).ExitCode);
        var folder = Path.Combine(_user.Folder, "models");
        Directory.CreateDirectory(Path.Combine(folder, "deeper"));
        foreach (var name in (string[])["b.onnx", "deeper/c.onnx"])
            File.Copy(Path.Combine(folder, "a.onnx"), Path.Combine(folder, name));
        File.WriteAllText(Path.Combine(folder, "text.onnx"), "no model");

        var dry = await _user.RunAsync("metadata", "set", "--recursive", "models", "owner=me", "--dry-run", "--json");
        Assert.Equal(1, dry.ExitCode);
        Assert.Equal(3, dry.Json.EnumerateArray().Count(file => file.TryGetProperty("would_change", out var would) && would.GetBoolean()));
        Assert.DoesNotContain(OnnxMetadata.Read(Path.Combine(folder, "a.onnx")), pair => pair.Key == "owner");

        var set = await _user.RunAsync("metadata", "set", "--recursive", "models", "owner=me", "note=a=b");
        Assert.Equal(1, set.ExitCode);
        Assert.Equal(3, set.Output.Split('\n').Count(line => line.EndsWith(" changed", StringComparison.Ordinal)));
        Assert.Contains("GPUX2501", set.Error, StringComparison.Ordinal);
        Assert.Equal("a=b", Value("models/deeper/c.onnx", "note"));

        Assert.Equal(0, (await _user.RunAsync("metadata", "clear", "models/b.onnx", "models/deeper/c.onnx")).ExitCode);
        Assert.Empty(OnnxMetadata.Read(Path.Combine(folder, "b.onnx")));
        Assert.Equal(0, (await _user.RunAsync("metadata", "copy", "models/a.onnx", "models/b.onnx", "models/deeper/c.onnx", "--prefix", "hf_")).ExitCode);
        Assert.Equal(Value("models/a.onnx", "hf_config"), Value("models/deeper/c.onnx", "hf_config"));
        Assert.DoesNotContain(OnnxMetadata.Read(Path.Combine(folder, "b.onnx")), pair => pair.Key == "owner");
        await AssertAnswersAsync("models/a.onnx", isLocal: true);
    }

    [Fact]
    public async Task Two_gigabytes_are_described_without_being_read()
    {
        var path = Path.Combine(_user.Folder, "large.onnx");
        SparseModel(path, 2_000_000_000);
        OnnxSummary.Read(path);
        var summary = OnnxSummary.Read(path);
        // Reading them takes longer, however often one tries; a busy machine is not busy all the time.
        var fastest = Enumerable.Range(0, 10).Min(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            OnnxSummary.Read(path);
            return Stopwatch.GetElapsedTime(started);
        });
        Assert.InRange(fastest.TotalMilliseconds, 0, 500);
        Assert.InRange(summary.EmbeddedBytes, 1_999_000_000, 2_000_000_000);
        var answer = await _user.RunAsync("info", "large.onnx", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("value", answer.Json.GetProperty("metadata").GetProperty("key").GetString());
    }

    [Fact]
    public async Task External_data_that_are_missing_are_named()
    {
        var model = new Gpux.Onnx.OnnxModel { IrVersion = 8 };
        model.Graph.Initializers.Add(new Gpux.Onnx.OnnxTensor { Name = "w", ElementType = ElementType.UInt8, Dimensions = [10], External = new("w.data", 6, 10) });
        model.Graph.Initializers.Add(new Gpux.Onnx.OnnxTensor { Name = "v", ElementType = ElementType.UInt8, Dimensions = [1], External = new("../v.data", 0, 1) });
        Gpux.Onnx.OnnxWriter.Write(model, Path.Combine(_user.Folder, "m.onnx"));
        var files = (await _user.RunAsync("info", "m.onnx", "--json")).Json.GetProperty("external_data");
        Assert.Contains("leads out", files[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
        Assert.Equal((16, "it is not there"), (files[1].GetProperty("needed_bytes").GetInt32(), files[1].GetProperty("problem").GetString()));
        File.WriteAllBytes(Path.Combine(_user.Folder, "w.data"), new byte[16]);
        files = (await _user.RunAsync("info", "m.onnx", "--json")).Json.GetProperty("external_data");
        Assert.Equal(JsonValueKind.Null, files[1].GetProperty("problem").ValueKind);
    }

    /// <summary>The real thing, beside the test that walks through every state: processes that change a file without end, and are killed.</summary>
    [Fact]
    public async Task A_file_is_whole_however_often_its_editor_is_killed()
    {
        var path = Path.Combine(_user.Folder, "killed.onnx");
        SparseModel(path, 20_000_000);
        Assert.Equal(0, (await _user.RunAsync("metadata", "set", "killed.onnx", $"a={new string('0', 5000)}")).ExitCode);
        var random = new Random(3);
        var values = new HashSet<string> { new('0', 5000) };
        for (var i = 0; i < 12; i++)
        {
            // Lengths that fit into the rooms that are there, and lengths that need new ones.
            var value = new string((char)('a' + i), 3000 + i * 4000);
            values.Add(value);
            await _user.KillAsync(TimeSpan.FromMilliseconds(random.Next(40, 160)), "metadata", "set", "killed.onnx", $"a={value}");
            Assert.Contains(Value("killed.onnx", "a"), values);
            Assert.Equal("value", Value("killed.onnx", "key"));
        }
        Assert.Equal(0, (await _user.RunAsync("metadata", "set", "killed.onnx", "a=last")).ExitCode);
        Assert.Equal("last", Value("killed.onnx", "a"));
    }

    private async Task AssertAnswersAsync(string file, bool isLocal = false)
    {
        if (isLocal)
            foreach (var name in (string[])["config.json", "tokenizer.json", "tokenizer_config.json"])
                File.Copy(Path.Combine(Repository, name), Path.Combine(_user.Folder, Path.GetDirectoryName(file)!, name)); // it lies in a folder
        var answer = await _user.RunAsync("run", file, "Alice likes the good movie!", "--json");
        Assert.True(answer.ExitCode == 0, answer.ToString());
        Assert.Equal("good", answer.Json[0].GetProperty("label").GetString());
        Assert.Equal(0.7598363757133484, answer.Json[0].GetProperty("score").GetDouble(), 4);
    }

    private string Value(string file, string key) => OnnxMetadata.Read(Path.Combine(_user.Folder, file)).Single(pair => pair.Key == key).Value;

    /// <summary>A model whose weights are a hole in the file.</summary>
    private static void SparseModel(string path, int size)
    {
        static byte[] Varint(long value)
        {
            var bytes = new List<byte>();
            for (; value >= 0x80; value >>= 7)
                bytes.Add((byte)(value | 0x80));
            return [.. bytes, (byte)value];
        }

        var weights = size - 300;
        byte[] tensor = [0x08, .. Varint(weights), 0x10, 2, 0x42, 1, (byte)'w', 0x4A, .. Varint(weights)];
        byte[] graph = [0x2A, .. Varint(tensor.Length + (long)weights), .. tensor];
        byte[] head = [0x08, 8, 0x3A, .. Varint(graph.Length + (long)weights), .. graph];
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, head, 0);
        RandomAccess.Write(file, [0x72, 12, 0x0A, 3, .. "key"u8, 0x12, 5, .. "value"u8], head.Length + (long)weights);
    }
}
