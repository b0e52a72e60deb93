using System.Security.Cryptography;

namespace Gpux.StandIns;

/// <summary>Stands in for PyTorch's download site, with one file whose name carries its digest.</summary>
public sealed class TorchvisionStandIn : IStandIn
{
    private readonly byte[] _content = OciStandIn.Content(1_020_000, 31);
    private LoopbackServer _site = null!; // Set by StartAsync, the only way to make one

    private TorchvisionStandIn()
    {
    }

    public FaultList Faults { get; } = new();
    public IReadOnlyList<LoopbackServer> Servers => [_site];
    public string FileName => $"tiny-{Convert.ToHexStringLower(SHA256.HashData(_content))[..8]}.pth";
    public string Reference => $"torchvision:{FileName}";
    public IReadOnlyDictionary<string, byte[]> Files => new Dictionary<string, byte[]> { [FileName] = _content };

    /// <summary>The site wants no credential; this one belongs elsewhere and must not come.</summary>
    public string Secret => "hf_secret_token_7e11";
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["GPUX_PYTORCH_ENDPOINT"] = $"{_site.Address}/models", ["HF_TOKEN"] = Secret,
    };

    public static async Task<TorchvisionStandIn> StartAsync()
    {
        var standIn = new TorchvisionStandIn();
        standIn._site = await LoopbackServer.StartAsync(0, async (context, request) =>
        {
            var (fault, isAnswered) = await standIn.Faults.TakeAsync(context, request);
            if (isAnswered)
                return;
            context.Response.Headers.ETag = "\"31-1\"";
            if (request.Target == $"/models/{standIn.FileName}")
                await FileReply.SendAsync(context, standIn._content, entityTag: null, fault);
            else
                context.Response.StatusCode = 403; // As the storage behind the real site says of what it has not
        });
        return standIn;
    }

    public ValueTask DisposeAsync() => _site.DisposeAsync();
}
