using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Gpux.StandIns;

/// <summary>Stands in for the storage of keras.applications. MobileNetV2's weights stand for all that have no published hash: of the others
/// nobody has bytes that would fit.</summary>
public sealed class KerasStandIn : IStandIn
{
    private readonly Dictionary<string, byte[]> _files = [];
    private LoopbackServer _storage = null!; // Set by StartAsync, the only way to make one

    private KerasStandIn()
    {
    }

    public IReadOnlyList<LoopbackServer> Servers => [_storage];
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["GPUX_KERAS_ENDPOINT"] = _storage.Address };
    public string Reference => "keras:MobileNetV2_0.35_96@notop";
    public IReadOnlyDictionary<string, byte[]> Files { get; private set; } = new Dictionary<string, byte[]>();

    /// <summary>The storage is public: there is nothing to keep.</summary>
    public string Secret => "keras-has-no-secrets";

    public FaultList Faults { get; } = new();

    public static async Task<KerasStandIn> StartAsync()
    {
        var standIn = new KerasStandIn();
        standIn._storage = await LoopbackServer.StartAsync(0, standIn.AnswerAsync);
        const string name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5";
        var weights = new byte[(1 << 20) + 9];
        new Random(35).NextBytes(weights);
        ((ReadOnlySpan<byte>)[0x89, .. "HDF\r\n\u001a\n"u8]).CopyTo(weights);
        standIn.Files = new Dictionary<string, byte[]> { [name] = weights };
        standIn.Add($"/tensorflow/keras-applications/mobilenet_v2/{name}", weights);
        return standIn;
    }

    public void Add(string path, byte[] content) => _files[path] = content;

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, ReceivedRequest request)
    {
        var (fault, isAnswered) = await Faults.TakeAsync(context, request);
        if (isAnswered)
            return;
        if (!_files.TryGetValue(request.Target, out var content))
        {
            context.Response.StatusCode = 404;
            return;
        }
#pragma warning disable CA5351 // What the storage publishes
        context.Response.Headers["x-goog-hash"] = $"crc32c=AAAAAA==,md5={Convert.ToBase64String(MD5.HashData(content))}";
#pragma warning restore CA5351
        await FileReply.SendAsync(context, content, $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"", fault);
    }
}
