using Gpux.Registries.Configuration;
using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.Store;

public sealed class OtherServerTests
{
    private const string Name = "keras/bert/keras/tiny";

    [Fact]
    public async Task Model_of_another_server_is_not_taken_for_that_of_this_one()
    {
        await using var first = await KaggleStandIn.StartAsync();
        await using var second = await KaggleStandIn.StartAsync();
        second.Add($"{Name}/3", new() { ["config.json"] = "{\"other\":1}"u8.ToArray() });
        await using var machine = TestMachine.With(first);
        var store = machine.Store();
        var model = await store.ResolveAsync(first.Reference);
        await store.FetchAsync(model);
        Assert.True((await machine.Store().ResolveAsync(first.Reference, Lookup.PreferStore)).FromStore);

        machine.Variables["KAGGLE_API_ENDPOINT"] = second.Variables["KAGGLE_API_ENDPOINT"];
        var other = await machine.Store().ResolveAsync(first.Reference, Lookup.PreferStore);
        Assert.Equal((false, "3"), (other.FromStore, other.Manifest.Properties["version"]));
        await machine.Store().FetchAsync(other);

        // And back: each is known again by its own server.
        machine.Variables["KAGGLE_API_ENDPOINT"] = first.Variables["KAGGLE_API_ENDPOINT"];
        var again = await machine.Store().ResolveAsync(first.Reference, Lookup.PreferStore);
        Assert.Equal((true, "2"), (again.FromStore, again.Manifest.Properties["version"]));
    }

    [Fact]
    public async Task Missing_file_is_not_fetched_from_another_server()
    {
        await using var first = await KaggleStandIn.StartAsync();
        await using var second = await KaggleStandIn.StartAsync();
        await using var machine = TestMachine.With(first);
        var store = machine.Store();
        var model = await store.ResolveAsync(first.Reference);
        File.Delete((await store.FetchAsync(model)).Require("config.json"));
        machine.Variables["KAGGLE_API_ENDPOINT"] = second.Variables["KAGGLE_API_ENDPOINT"];
        var refusal = await Assert.ThrowsAsync<OtherServerException>(() => machine.Store().FetchAsync(model));
        Assert.Contains(first.Variables["KAGGLE_API_ENDPOINT"], refusal.Message, StringComparison.Ordinal);
        Assert.Empty(second.Servers.SelectMany(server => server.Requests));
        Assert.Equal("{}", File.ReadAllText((await store.FetchAsync(model)).Require("config.json")));
    }

    [Theory]
    [InlineData("MLFLOW_TRACKING_URI", "http://user:secret@a.example/x", "mlflow", "http://a.example/x")]
    [InlineData("WANDB_BASE_URL", "https://w.example", "wandb", "https://w.example/")]
    [InlineData("MODELSCOPE_ENDPOINT", "https://m.example", "modelscope", "https://m.example/")]
    [InlineData("AWS_ENDPOINT_URL_S3", "http://minio.example:9000", "s3", "http://minio.example:9000/")]
    [InlineData("GITHUB_API_URL", "https://git.example/api/v3", "github", "https://git.example/api/v3/")]
    public async Task Servers_are_told_apart_without_their_secrets(string variable, string value, string registry, string server)
    {
        await using var machine = TestMachine.WithoutNetwork();
        var entry = RegistryCatalog.All.Single(entry => entry.Name == registry);
        machine.Variables[variable] = value;
        Assert.Equal(server, entry.Server(machine.Environment())?.TrimEnd('/') + (server.EndsWith('/') ? "/" : ""));
    }

    [Fact]
    public async Task Registries_that_come_with_the_program_do_not_need_the_users_own()
    {
        await using var machine = TestMachine.WithoutNetwork();
        machine.Variables["GPUX_SAMPLES"] = Path.Combine(Golden.Repository, "samples");
        Directory.CreateDirectory(machine.Home);
        File.WriteAllText(Path.Combine(machine.Home, "registries.yml"), "damaged: [");
        var store = machine.Store();
        await store.FetchAsync(await store.ResolveAsync("samples/digits"), "config.json");
        Assert.Single(store.List());
        await Assert.ThrowsAsync<RegistryConfigurationException>(() =>
            store.ResolveAsync(new ModelReference("corp", "m"), Lookup.Default, progress: null, CancellationToken.None));
        File.Delete(Path.Combine(machine.Home, "registries.yml"));
        await Assert.ThrowsAsync<UnknownRegistryException>(() =>
            machine.Store().ResolveAsync(new ModelReference("corp", "m"), Lookup.Default, progress: null, CancellationToken.None));
    }
}
