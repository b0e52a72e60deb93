using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Gpux.Registries.Http;
using Gpux.Registries.Oci;
using Gpux.Registries.Store;

namespace Gpux.Registries.Ollama;

/// <summary>Reads models as Ollama publishes them, and those of GGUF repositories that the Hub serves in the same way
/// (hf.co/user/repository:quantization).</summary>
/// <remarks>Source: server/images.go and server/auth.go of ollama 0.12. The registry has no search.</remarks>
public sealed class OllamaRegistry(RegistryEnvironment environment) : IModelRegistry
{
    /// <summary>The variable with the address of a mirror of registry.ollama.ai.</summary>
    public const string EndpointVariable = "GPUX_OLLAMA_ENDPOINT";

    private const string Prefix = "application/vnd.ollama.image.";
    private const string FromDaemon = "from_daemon";

    private readonly OllamaDaemon _daemon = new(environment);
    private readonly ConcurrentDictionary<string, OciClient> _clients = new();

    /// <summary>GPUX's own store, with links to blobs that the daemon of this machine has already.</summary>
    internal static IFileStore Files(RegistryEnvironment environment)
    {
        var daemon = new OllamaDaemon(environment);
        return new BlobStore(environment, (_, file) => daemon.Blob(file.Digest, file.SizeBytes));
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var name = OllamaName.Read(model.Name);
        model = model with { Name = name.ToString(), Path = null };
        var asked = model with { Revision = model.Revision ?? OllamaName.DefaultTag };
        var properties = new Dictionary<string, string>();
        byte[] body;
        try
        {
            var reference = model.Revision is { Length: 64 } commit && commit.All(char.IsAsciiHexDigitLower) ? $"sha256:{commit}" : asked.Revision;
            (body, _, _) = await Client(name).ManifestAsync(
                $"{name.Namespace}/{name.Model}", reference, OciMediaTypes.DockerManifest, asked, cancellationToken);
        }
        catch (Exception exception) when (exception is TransferInterruptedException or ModelNotFoundException or RevisionNotFoundException)
        {
            // Made on this machine (ollama create), or there is no network.
            if (_daemon.Manifest(name, asked.Revision) is not { } kept)
            {
                // The registry says the same of a missing model as of a missing tag, and nobody asked for a tag.
                if (exception is RevisionNotFoundException && model.Revision is null)
                    throw new ModelNotFoundException(model.ToString(), $"Ollama has no model '{name}', or none with the tag {OllamaName.DefaultTag}.",
                        "Check the spelling, or name a tag: https://ollama.com/search lists what there is.", exception);
                throw;
            }
            body = kept;
            properties[FromDaemon] = "true";
        }
        var manifest = Read(body, asked);
        var files = ListFiles(manifest, asked.ToString());
        await DescribeAsync(name, asked, manifest, properties, cancellationToken);
        return new ModelManifest(model, Digest.Sha256(SHA256.HashData(body)).Hex, files, Licence: null, Page(name)) { Properties = properties };
    }

    public async Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        if (manifest.Properties.ContainsKey(FromDaemon) && _daemon.Blob(file.Digest, file.SizeBytes) is { } blob)
        {
            var stream = new FileStream(blob, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            stream.Position = Math.Min(range.Offset, stream.Length);
            return new FileContent(stream, stream.Position, stream.Length);
        }
        var name = OllamaName.Read(manifest.Model.Name);
        return await Client(name).OpenAsync($"{name.Namespace}/{name.Model}", manifest, file, range, cancellationToken);
    }

    private static OciManifest Read(byte[] body, ModelReference model)
    {
        try
        {
            return OciManifest.Read(body, OciMediaTypes.DockerManifest);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            throw new UnexpectedReplyException("Ollama", model.ToString(), exception is FormatException ? exception.Message
                : "what it calls a manifest is none; it may be the page of a proxy or a sign-in.", exception);
        }
    }

    private static List<ModelFile> ListFiles(OciManifest manifest, string owner)
    {
        var files = new List<ModelFile>();
        if (manifest.Config is { SizeBytes: > 0 } config)
            files.Add(new ModelFile("ollama.json", config.SizeBytes, config.Digest));
        foreach (var group in manifest.Layers.GroupBy(layer => FileName(layer, owner)))
        {
            var layers = group.ToList();
            for (var i = 0; i < layers.Count; i++)
                files.Add(new ModelFile(OciFiles.Numbered(group.Key, i, layers.Count), layers[i].SizeBytes, layers[i].Digest));
        }
        if (manifest.Layers.Count == 0)
            throw new NotAModelArtifactException(owner, "it has no layers");
        RepositoryPath.CheckAll(owner, files);
        return files;
    }

    private static string FileName(OciDescriptor layer, string owner)
    {
        var kind = layer.MediaType.StartsWith(Prefix, StringComparison.Ordinal) ? layer.MediaType[Prefix.Length..] : "";
        return kind switch
        {
            "model" => "model.gguf",
            "adapter" => "adapter.gguf",
            "projector" => "mmproj.gguf",
            "draft" => "draft.gguf",
            "embed" => "embed.bin",
            "template" or "system" or "prompt" => $"{kind}.txt",
            "params" or "messages" => $"{kind}.json",
            "license" => "LICENSE",
            "tensor" when layer.Name is { } name => $"tensors/{name}.safetensors",
            "json" when layer.Name is { } name => name,
            _ => throw new NotAModelArtifactException(owner, $"it has a layer of the unknown kind '{Printable.Text(layer.MediaType)}'"),
        };
    }

    private async Task DescribeAsync(
        OllamaName name, ModelReference model, OciManifest manifest, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        if (manifest.Config is not { SizeBytes: > 0 and < 1 << 20 } config)
            return;
        var body = (properties.ContainsKey(FromDaemon) ? _daemon.Config(config) : null)
            ?? await Client(name).BlobAsync($"{name.Namespace}/{name.Model}", config, model, cancellationToken);
        try
        {
            using var json = StrictJson.Parse(body);
            foreach (var (from, to) in (ReadOnlySpan<(string, string)>)
                [("model_format", "format"), ("model_family", "architecture"), ("model_type", "parameters"), ("file_type", "quantization"),
                ("context_length", "context_size"), ("capabilities", "capabilities"), ("renderer", "renderer"), ("parser", "parser"),
                ("requires", "requires")])
            {
                if (json.RootElement.Joined(from) is { } value)
                    properties[to] = value;
            }
        }
        catch (JsonException exception)
        {
            throw new UnexpectedReplyException("Ollama", model.ToString(), "its config is no JSON.", exception);
        }
    }

    private static string Page(OllamaName name) => name.Host == OllamaName.DefaultHost
        ? $"https://ollama.com/{name.Namespace}/{name.Model}" : $"https://{name.Host}/{name.Namespace}/{name.Model}";

    private OciClient Client(OllamaName name) => _clients.GetOrAdd(name.Host, host =>
    {
        var home = host == OllamaName.DefaultHost
            ? ServerAddress.Read(environment, "Ollama", EndpointVariable, $"https://{host}")
            : OciHost.Address(environment, host);
        var title = host == OllamaName.DefaultHost ? "Ollama" : host;
        var hasKey = File.Exists(Path.Combine(environment.Home, ".ollama", "id_ed25519"));
        return new OciClient(environment, title, home, hasKey
            ? "Private models want a signature with the key ~/.ollama/id_ed25519, and this runtime has no Ed25519: pull it with ollama, "
                + "and GPUX uses it from there."
            : "Private models can be pulled with ollama, and GPUX uses them from there.",
            (challenge, _) =>
            {
                // As the official client: nobody else may say where to get a token.
                if (challenge.Realm is { } realm && !(Uri.TryCreate(home, realm, out var at)
                    && at.Host.Equals(home.Host, StringComparison.OrdinalIgnoreCase)))
                    throw new UnexpectedReplyException(title, home.AbsoluteUri, "it sends its clients to another host for tokens.");
                return Task.FromResult<DockerCredential?>(null);
            });
    });
}
