using System.Text;

namespace Gpux.StandIns;

/// <summary>The stand-in Hub with one model on it.</summary>
public sealed class HubModelStandIn : IStandIn
{
    private readonly HubStandIn _hub;

    private HubModelStandIn(HubStandIn hub, string reference, IReadOnlyDictionary<string, byte[]> files)
    {
        (_hub, Reference, Files) = (hub, reference, files);
        Variables = new Dictionary<string, string> { ["HF_ENDPOINT"] = hub.Endpoint, ["HF_TOKEN"] = Secret };
    }

    public IReadOnlyList<LoopbackServer> Servers => _hub.Servers;
    public IReadOnlyDictionary<string, string> Variables { get; }
    public string Reference { get; }
    public IReadOnlyDictionary<string, byte[]> Files { get; }
    public string Secret => HubStandIn.GrantedToken;
    public FaultList Faults => _hub.Faults;

    public static Task<IStandIn> StartAsync() => StartAsync("org/model", "hf:org/model");

    /// <param name="id">On the Hub.</param>
    /// <param name="reference">What a user writes for it.</param>
    public static async Task<IStandIn> StartAsync(string id, string reference)
    {
        var weights = new byte[1_200_000];
        new Random(3).NextBytes(weights);
        var files = new Dictionary<string, byte[]>
        {
            ["config.json"] = Encoding.UTF8.GetBytes("""{"model_type":"bert"}"""),
            ["model.safetensors"] = weights,
        };
        var hub = await HubStandIn.StartAsync();
        var repository = hub.Add(id);
        foreach (var (path, content) in files)
            repository.With(path, content);
        return new HubModelStandIn(hub, reference, files);
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();
}
