using System.Security.Cryptography;
using Gpux.Registries.Oci;

namespace Gpux.Registries.Ollama;

/// <summary>What the Ollama program of this machine keeps: read, never written.</summary>
/// <remarks>Source: the layout of OLLAMA_MODELS, ollama 0.12: manifests/{host}/{namespace}/{model}/{tag} as received, and
/// blobs/sha256-{hex}.</remarks>
internal sealed class OllamaDaemon(RegistryEnvironment environment)
{
    private const int LimitBytes = 4 << 20;
    private readonly string _folder = environment.Folder("OLLAMA_MODELS") ?? Path.Combine(environment.Home, ".ollama", "models");

    /// <summary>The manifest of a model as the daemon has it; null where it has none.</summary>
    public byte[]? Manifest(OllamaName name, string tag) =>
        ReadSmall(Path.Combine(_folder, "manifests", name.Host, name.Namespace, name.Model, tag));

    /// <summary>A small blob as a whole; null where the daemon has none that can be read, or it is damaged.</summary>
    public byte[]? Config(OciDescriptor config) => Blob(config.Digest, config.SizeBytes) is { } path && ReadSmall(path) is { } content
        && Digest.Sha256(SHA256.HashData(content)) == config.Digest ? content : null;

    /// <summary>Where a blob of this size lies; null where the daemon has none. Its bytes are yet to be verified.</summary>
    public string? Blob(Digest? digest, long? sizeBytes)
    {
        if (digest is not { Algorithm: DigestAlgorithm.Sha256, Hex: var hex })
            return null;
        var file = new FileInfo(Path.Combine(_folder, "blobs", $"sha256-{hex}"));
        return file.Exists && file.Length == sizeBytes ? file.FullName : null;
    }

    private static byte[]? ReadSmall(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > 0 and < LimitBytes } ? File.ReadAllBytes(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
