using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Gpux.Registries.Tests.HuggingFace;

/// <summary>The Hub's own JavaScript client and GPUX use one cache folder. Needs npm, and packages from its registry on the first
/// run.</summary>
[Trait("Category", "Slow")]
public sealed class NodeClientTests
{
    private static readonly string Main = new string('a', 39) + "1";

    [Fact]
    public async Task Client_reads_what_was_written_here()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("org/tiny"));
        await store.FetchAsync(await store.ResolveAsync("org/tiny@v1.0"), "config.json");
        // A commit that no ref names is what the client's scan is particular about.
        machine.Hub.Add("org/pinned").With("a.txt", "a");
        await store.FetchAsync(await store.ResolveAsync($"org/pinned@{Main}"));

        var scan = JsonNode.Parse(await RunAsync("scan", machine.Cache))!;
        Assert.Empty(scan["warnings"]!.AsArray());
        Assert.Equal(["org/pinned", "org/tiny"],
            scan["repos"]!.AsArray().Select(repository => (string?)repository!["id"]).Order(StringComparer.Ordinal));
        var revisions = scan["repos"]!.AsArray().Single(repository =>
            (string?)repository!["id"] == "org/tiny")!["revisions"]!.AsArray();
        var main = revisions.Single(revision => (string?)revision!["commit"] == Main)!;
        Assert.Equal("main", (string?)main["refs"]!.AsArray().Single());
        // Its scan looks at no subfolder.
        Assert.Equal("""[["README.md",28],["config.json",42],["empty.txt",0],["model.safetensors",16456],["sub folder \u00FC.txt",1]]""",
            main["files"]!.ToJsonString());

        // Its download finds every file in place: it asks for the listing, and for no file.
        machine.Hub.ForgetRequests();
        var snapshot = await RunAsync("download", machine.Cache, machine.Hub.Endpoint, "org/tiny", "main");
        Assert.Equal(Path.Combine(machine.Cache, "models--org--tiny", "snapshots", Main), snapshot.Trim());
        Assert.NotEmpty(machine.Hub.Requests);
        Assert.All(machine.Hub.Requests, request => Assert.StartsWith("/api/", request.Target, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_client_wrote_is_read_here()
    {
        await using var machine = await TestMachine.StartWithTinyAsync();
        // This client asks for the first byte of each file, which an empty one has not.
        var tiny = machine.Hub.Add("org/tiny").WithFolder(Path.Combine(Golden.Hub, "repos", "org", "tiny"));
        tiny.Files.Remove("empty.txt");
        await RunAsync("download", machine.Cache, machine.Hub.Endpoint, "org/tiny", "main");
        machine.Hub.ForgetRequests();
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        var store = machine.Store();
        var model = await store.ResolveAsync("org/tiny");
        Assert.Equal((Main, 5), (model.Manifest.Commit, model.Manifest.Files.Count));
        var files = await store.FetchAsync(model);
        foreach (var name in files.Names)
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(Golden.Hub, "repos", "org", "tiny", name)),
                await File.ReadAllBytesAsync(files.Require(name)));
        Assert.Empty(machine.Hub.Requests);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var folder = Path.Combine(Golden.Repository, "artifacts", "hub-node-client");
        var source = Path.Combine(Golden.Repository, "tests", "Gpux.Registries.Tests", "HuggingFace", "NodeClient");
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(source))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        // The lock file pins versions and digests.
        if (!Directory.Exists(Path.Combine(folder, "node_modules", "@huggingface", "hub")))
            await ProcessAsync("npm", folder, "ci", "--ignore-scripts");
        return await ProcessAsync("node", folder, ["client.js", .. arguments]);
    }

    private static async Task<string> ProcessAsync(string program, string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true,
        })!; // Null only for shell-executed documents
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await errors}");
        return output;
    }
}
