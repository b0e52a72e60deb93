using Gpux.Registries.Store;
using Gpux.StandIns;

namespace Gpux.Registries.Tests.StandIns;

/// <summary>A machine whose variables lead to one stand-in.</summary>
internal sealed class StandInMachine<T> : IAsyncDisposable
    where T : IStandIn
{
    private readonly TestMachine _machine;

    public StandInMachine(T standIn) => (StandIn, _machine) = (standIn, TestMachine.With(standIn));

    public T StandIn { get; }
    public Dictionary<string, string> Variables => _machine.Variables;
    public SkippingClock Clock => _machine.Clock;
    public string Folder => _machine.Folder;
    public string Home => _machine.Home;
    public RegistryEnvironment Environment() => _machine.Environment();
    public ModelStore Store() => _machine.Store();

    public Task<ResolvedModel> ResolveAsync(string? reference = null, Lookup lookup = Lookup.Default) =>
        Store().ResolveAsync(TestMachine.Parse(reference ?? StandIn.Reference), lookup, progress: null, CancellationToken.None);

    /// <summary>Fetches the files named, or all, and gives their bytes.</summary>
    public async Task<Dictionary<string, byte[]>> FetchAsync(string? reference = null, params string[] paths)
    {
        var files = await Store().FetchAsync(await ResolveAsync(reference), paths);
        return files.Names.ToDictionary(name => name, name => File.ReadAllBytes(files.Require(name)));
    }

    /// <summary>All requests so far, to all servers.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. StandIn.Servers.SelectMany(server => server.Requests)];

    public void ForgetRequests()
    {
        foreach (var server in StandIn.Servers)
            server.Requests.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _machine.DisposeAsync();
        await StandIn.DisposeAsync();
    }
}
