using System.Text;

namespace Gpux.StandIns;

/// <summary>The stand-in Hub with one model on it.</summary>
public sealed class HubModelStandIn : IStandIn
{
    private readonly HubStandIn _hub;

    private HubModelStandIn(HubStandIn hub, IReadOnlyDictionary<string, byte[]> files)
    {
        (_hub, Files) = (hub, files);
        Variables = new Dictionary<string, string> { ["HF_ENDPOINT"] = hub.Endpoint, ["HF_TOKEN"] = Secret };
    }

    public IReadOnlyList<LoopbackServer> Servers => _hub.Servers;
    public IReadOnlyDictionary<string, string> Variables { get; }
    public string Reference => "hf:org/model";
    public IReadOnlyDictionary<string, byte[]> Files { get; }
    public string Secret => HubStandIn.GrantedToken;
    public FaultList Faults => _hub.Faults;

    public static async Task<IStandIn> StartAsync()
    {
        var weights = new byte[1_200_000];
        new Random(3).NextBytes(weights);
        var files = new Dictionary<string, byte[]>
        {
            ["config.json"] = Encoding.UTF8.GetBytes("""{"model_type":"bert"}"""),
            ["model.safetensors"] = weights,
        };
        var hub = await HubStandIn.StartAsync();
        var repository = hub.Add("org/model");
        foreach (var (path, content) in files)
            repository.With(path, content);
        return new HubModelStandIn(hub, files);
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();
}
