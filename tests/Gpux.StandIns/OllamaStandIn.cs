using System.Text;

namespace Gpux.StandIns;

/// <summary>Stands in for registry.ollama.ai, with one model and an anonymous token on each request.</summary>
public sealed class OllamaStandIn : IStandIn
{
    private readonly OciStandIn _registry;

    private OllamaStandIn(OciStandIn registry) => _registry = registry;

    public OciStandIn Registry => _registry;
    public FaultList Faults => _registry.Faults;
    public IReadOnlyList<LoopbackServer> Servers => _registry.Servers;
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["GPUX_OLLAMA_ENDPOINT"] = _registry.Registry.Address };
    public string Reference => "ollama:tiny:q8";
    public string Secret => OciStandIn.AnonymousToken;
    public IReadOnlyDictionary<string, byte[]> Files { get; private set; } = new Dictionary<string, byte[]>();

    public static async Task<OllamaStandIn> StartAsync()
    {
        var registry = await OciStandIn.StartAsync();
        registry.Access = OciAccess.Token;
        var standIn = new OllamaStandIn(registry);
        standIn.Files = new Dictionary<string, byte[]>
        {
            ["ollama.json"] = Encoding.UTF8.GetBytes(
                """{"model_format":"gguf","model_family":"llama","model_type":"1.2B","file_type":"Q8_0","capabilities":["completion","tools"],"context_length":8192}"""),
            ["model.gguf"] = OciStandIn.Content(1_200_000, 11),
            ["template.txt"] = "{{ .Prompt }}"u8.ToArray(),
            ["params.json"] = """{"stop":["<|eot|>"]}"""u8.ToArray(),
            ["LICENSE"] = "MIT"u8.ToArray(),
        };
        registry.AddManifest("library/tiny", "q8", standIn.Manifest(), "application/vnd.docker.distribution.manifest.v2+json");
        return standIn;
    }

    /// <summary>The manifest of the model, its blobs kept.</summary>
    public string Manifest() => OciStandIn.Manifest(
        [Layer("model", "model.gguf"), Layer("template", "template.txt"), Layer("params", "params.json"), Layer("license", "LICENSE")],
        $"\"mediaType\":\"application/vnd.docker.container.image.v1+json\",{_registry.Described(Files["ollama.json"])}",
        type: "application/vnd.docker.distribution.manifest.v2+json");

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    private string Layer(string kind, string file) => _registry.Layer($"application/vnd.ollama.image.{kind}", Files[file]);
}
