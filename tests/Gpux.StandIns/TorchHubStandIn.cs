using System.Security.Cryptography;
using System.Text;

namespace Gpux.StandIns;

/// <summary>The stand-in GitHub whose repository has a hubconf.py, with the weight files that its source names on the storage.</summary>
public sealed class TorchHubStandIn : IStandIn
{
    private readonly byte[] _weights = OciStandIn.Content(1_030_000, 9);

    private TorchHubStandIn(GitHubStandIn site)
    {
        Site = site;
        site.Tree[$"weights/{WeightsName}"] = _weights;
        site.Tree["weights/other.pth"] = [1, 2, 3];
        site.Tree["hubconf.py"] = Encoding.UTF8.GetBytes($$"""
            dependencies = ["torch"]
            from models.net import other
            def small(pretrained=False):
                "A small model."
                return load("{{site.StorageAddress}}/weights/{{WeightsName}}")
            """);
        site.Tree["models/net.py"] = Encoding.UTF8.GetBytes($"""
            url = "{site.StorageAddress}/weights/other.pth"
            leak = "http://169.254.169.254/latest/key.bin"
            """);
    }

    public GitHubStandIn Site { get; }

    /// <summary>Carries the digits of the digest, as PyTorch has it.</summary>
    public string WeightsName => $"small-{Convert.ToHexStringLower(SHA256.HashData(_weights))[..8]}.pth";

    public IReadOnlyList<LoopbackServer> Servers => Site.Servers;
    public IReadOnlyDictionary<string, string> Variables => Site.Variables;
    public string Reference => $"torchhub:{GitHubStandIn.Repository}/small";
    public IReadOnlyDictionary<string, byte[]> Files => new Dictionary<string, byte[]> { ["hubconf.py"] = Site.Tree["hubconf.py"], [WeightsName] = _weights };
    public string Secret => Site.Secret;
    public FaultList Faults => Site.Faults;

    public static async Task<TorchHubStandIn> StartAsync() => new(await GitHubStandIn.StartAsync());

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
