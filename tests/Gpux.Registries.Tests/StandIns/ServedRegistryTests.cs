using Gpux.Registries.Download;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.StandIns;

/// <summary>What every registry that has a server must do, whatever its protocol.</summary>
public sealed class ServedRegistryTests
{
    // Those whose addresses of files end with the file's name. One whose big file has a digest, and one that can only compare sizes, are both among them.
    public static TheoryData<string> Kinds => ["mlflow", "s3", "web", "wandb"];

    private static async Task<(TestMachine Machine, IStandIn StandIn)> StartAsync(string kind)
    {
        var standIn = await StandInCatalog.StartAsync(kind);
        return (TestMachine.With(standIn), standIn);
    }

    private static string BigFile(IStandIn standIn) => standIn.Files.MaxBy(file => file.Value.Length).Key;

    private static string LastPart(string path) => Uri.EscapeDataString(path[(path.LastIndexOf('/') + 1)..]);

    private static async Task AssertFilesAsync(IStandIn standIn, ModelFiles files)
    {
        Assert.Equal(standIn.Files.Keys.Order(StringComparer.Ordinal), files.Names.Order(StringComparer.Ordinal));
        foreach (var (name, content) in standIn.Files)
            Assert.Equal(content, await File.ReadAllBytesAsync(files.Require(name)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Model_is_pulled_with_the_credential_at_home_alone(string kind)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        var store = machine.Store();
        var model = await store.ResolveAsync(standIn.Reference);
        await AssertFilesAsync(standIn, await store.FetchAsync(model));
        Assert.All(standIn.Servers.Skip(1).SelectMany(server => server.Requests), request => Assert.Null(request.Header("Authorization")));
        Assert.Matches("^([0-9a-f]{40}|[0-9a-f]{64})$", model.Manifest.Commit);
        var written = string.Concat(Directory.EnumerateFiles(machine.Home, "manifest.json", SearchOption.AllDirectories).Select(File.ReadAllText));
        Assert.Contains(model.Manifest.Commit, written, StringComparison.Ordinal);
        Assert.DoesNotContain(standIn.Secret, written, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Canonical_reference_is_read_back_and_stored_model_needs_no_server(string kind)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        var store = machine.Store();
        var model = await store.ResolveAsync(standIn.Reference);
        var canonical = model.Manifest.Model.ToString();
        Assert.Equal(model.Manifest.Model, TestMachine.Parse(canonical));
        Assert.Equal(model.Manifest.Commit, (await store.ResolveAsync(canonical, Lookup.Registry)).Manifest.Commit);
        await store.FetchAsync(model);
        var reference = standIn.Reference;
        await standIn.DisposeAsync();
        var later = machine.Store();
        var stored = await later.ResolveAsync(reference, Lookup.PreferStore);
        await AssertFilesAsync(standIn, await later.FetchAsync(stored));
        var pinned = new ModelReference(model.Manifest.Model.Registry, model.Manifest.Model.Name, model.Manifest.Commit);
        Assert.Equal(pinned, TestMachine.Parse(pinned.ToString()));
        Assert.Equal(model.Manifest.Commit, (await later.ResolveAsync(pinned.ToString())).Manifest.Commit);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Broken_download_goes_on_where_it_stopped(string kind)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        var store = machine.Store();
        var model = await store.ResolveAsync(standIn.Reference);
        standIn.Faults.Add(LastPart(BigFile(standIn)), new Fault { BreakAfter = 700_000 });
        await AssertFilesAsync(standIn, await store.FetchAsync(model));
        Assert.Contains(standIn.Servers.SelectMany(server => server.Requests), request => request.Header("Range") == "bytes=700000-");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Ignored_range_starts_the_file_again(string kind)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        var store = machine.Store();
        var model = await store.ResolveAsync(standIn.Reference);
        standIn.Faults.Add(LastPart(BigFile(standIn)), new Fault { BreakAfter = 700_000 });
        standIn.Faults.Add(LastPart(BigFile(standIn)), new Fault { IgnoresRange = true });
        await AssertFilesAsync(standIn, await store.FetchAsync(model));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Busy_server_is_asked_again(string kind)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        var store = machine.Store();
        var model = await store.ResolveAsync(standIn.Reference);
        standIn.Faults.Add(LastPart(BigFile(standIn)), new Fault { Status = 503 });
        standIn.Faults.Add(LastPart(BigFile(standIn)), new Fault { Status = 429, Headers = new Dictionary<string, string> { ["Retry-After"] = "1" } });
        await AssertFilesAsync(standIn, await store.FetchAsync(model));
    }

    [Theory]
    [InlineData("s3")]
    [InlineData("wandb")]
    public async Task Damaged_bytes_are_refused(string kind)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        var store = machine.Store();
        var model = await store.ResolveAsync(standIn.Reference);
        for (var i = 0; i < 3; i++)
            standIn.Faults.Add(LastPart(BigFile(standIn)), new Fault { Damages = true });
        await Assert.ThrowsAsync<ContentMismatchException>(() => store.FetchAsync(model));
    }

    [Theory]
    [InlineData("mlflow", "MLFLOW_TRACKING_PASSWORD")]
    [InlineData("s3", "AWS_SECRET_ACCESS_KEY")]
    [InlineData("web", "NETRC")]
    [InlineData("wandb", "WANDB_API_KEY")]
    public async Task Missing_credential_is_asked_for(string kind, string variable)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        machine.Variables.Remove(variable);
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => machine.Store().ResolveAsync(standIn.Reference));
        Assert.DoesNotContain(standIn.Secret, error.ToString() + error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mlflow", "mlflow-secret-081x", "MLFLOW_TRACKING_PASSWORD")]
    [InlineData("s3", "s3-secret-4711/abc+dex", "AWS_SECRET_ACCESS_KEY")]
    [InlineData("wandb", "0123456789abcdef0123456789abcdef0123456x", "WANDB_API_KEY")]
    public async Task Wrong_credential_is_not_shown(string kind, string wrong, string variable)
    {
        var (machine, standIn) = await StartAsync(kind);
        await using var _1 = machine;
        await using var _2 = standIn;
        machine.Variables[variable] = wrong;
        var error = await Assert.ThrowsAsync<AccessDeniedException>(() => machine.Store().ResolveAsync(standIn.Reference));
        Assert.DoesNotContain(wrong, error.ToString() + error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("a\\b")]
    [InlineData("CONFIG.json")]
    public async Task Names_that_leave_the_folder_or_differ_by_case_alone_are_refused(string name)
    {
        await using var mlflow = await MlflowStandIn.StartAsync();
        await using var s3 = await S3StandIn.StartAsync();
        await using var web = await WebStandIn.StartAsync();
        await using var wandb = await WandbStandIn.StartAsync();
        mlflow.Artifacts["config.json"] = [1];
        (mlflow.ListedOnly, wandb.ListedOnly, web.ListedOnly) = (name, name, name);
        s3.Objects[$"{S3StandIn.Folder}/{name}"] = [1];
        web.Form = FolderForm.Json;
        foreach (var standIn in (IStandIn[])[mlflow, s3, web, wandb])
        {
            await using var machine = TestMachine.With(standIn);
            await Assert.ThrowsAsync<UnsafePathException>(() => machine.Store().ResolveAsync(standIn.Reference));
        }
    }
}
