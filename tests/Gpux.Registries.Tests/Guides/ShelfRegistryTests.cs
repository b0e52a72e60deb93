using System.Security.Cryptography;
using Company;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Guides;

/// <summary>The code of docs/guides/add-a-registry.md.</summary>
public sealed class ShelfRegistryTests
{
    [Fact]
    public async Task Guide_shows_the_code_that_is_tested()
    {
        var page = (await File.ReadAllTextAsync(Path.Combine(Golden.Repository, "docs", "guides", "add-a-registry.md"))).ReplaceLineEndings("\n");
        var code = (await File.ReadAllTextAsync(Path.Combine(Golden.Repository, "tests", "Gpux.Registries.Tests", "Guides", "ShelfRegistry.cs"))).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{code}```\n", page, StringComparison.Ordinal);
        Assert.DoesNotContain("internal", code, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registry_of_the_guide_resolves_fetches_and_resumes()
    {
        var content = TestExtensions.Bytes(1_500_000);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        var faults = new FaultList();
        await using var server = await LoopbackServer.StartAsync(0, (context, request) => request.Target switch
        {
            "/models/team%2Fnet/current" => FileReply.JsonAsync(context,
                $$"""{"commit":"{{new string('c', 40)}}","files":[{"path":"net.onnx","size":{{content.Length}},"sha256":"{{hash}}"}]}"""),
            _ when request.Target == $"/blobs/{hash}" => FileReply.SendAsync(context, content, null, faults.Take("blobs")),
            _ => FileReply.JsonAsync(context, "{}", 404),
        });
        await using var machine = TestMachine.WithoutNetwork();
        using var http = new HttpClient { BaseAddress = new Uri(server.Address) };
        var entry = ShelfRegistry.Entry(http);
        var store = new ModelStore(machine.Environment(), [.. RegistryCatalog.All, entry]);
        var forms = new ReferenceForms([.. RegistryCatalog.All, entry]);
        var model = await store.ResolveAsync(ModelReference.Parse("shelf:team/net", forms), Lookup.Default, null, CancellationToken.None);
        faults.Add("blobs", new Fault { BreakAfter = 1_200_000 });
        faults.Add("blobs", new Fault { Status = 503 });
        var files = await store.FetchAsync(model);
        Assert.Equal(content, await File.ReadAllBytesAsync(files.Require("net.onnx")));
        Assert.Contains(server.Requests, request => request.Header("Range") == "bytes=1200000-");
        await Assert.ThrowsAsync<ModelNotFoundException>(
            () => store.ResolveAsync(ModelReference.Parse("shelf:none", forms), Lookup.Default, null, CancellationToken.None));
    }
}
