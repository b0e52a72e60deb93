using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.Oci;

/// <summary>What a manifest says of a blob or of another manifest.</summary>
/// <param name="Name">Ollama's own member, for the tensors and texts of a safetensors model.</param>
/// <param name="Platform">Such as "linux/amd64"; null where the content is for all.</param>
internal sealed record OciDescriptor(
    string MediaType, Digest Digest, long SizeBytes, IReadOnlyDictionary<string, string> Annotations, string? ArtifactType, string? Name,
    string? Platform)
{
    public string? Annotation(string name) => Annotations.GetValueOrDefault(name);
}

/// <summary>A manifest or an index of manifests.</summary>
/// <remarks>Source: OCI image specification 1.1, manifest.md and image-index.md; Docker's schema 2, which has the same
/// members.</remarks>
/// <param name="Manifests">Null for a manifest; of an index what it lists.</param>
internal sealed record OciManifest(
    string? ArtifactType, OciDescriptor? Config, IReadOnlyList<OciDescriptor> Layers, IReadOnlyList<OciDescriptor>? Manifests,
    IReadOnlyDictionary<string, string> Annotations)
{
    private const int EntryLimit = 20_000;

    /// <param name="mediaType">By the header, for manifests that do not say.</param>
    /// <exception cref="FormatException">Not a manifest, or one that names a blob by another digest than SHA-256.</exception>
    /// <exception cref="JsonException">No JSON.</exception>
    public static OciManifest Read(ReadOnlyMemory<byte> body, string? mediaType)
    {
        using var json = StrictJson.Parse(body);
        var root = json.RootElement;
        var type = root.Text("mediaType") ?? mediaType;
        if (root.Long("schemaVersion") is not 2)
            throw new FormatException("it is no manifest of schema version 2.");
        var isIndex = type is OciMediaTypes.Index or OciMediaTypes.DockerList
            || (root.Member("manifests") is not null && root.Member("layers") is null);
        if (isIndex)
            return new OciManifest(root.Text("artifactType"), null, [], Descriptors(root, "manifests"), ReadAnnotations(root));
        if (root.Member("layers") is not { ValueKind: JsonValueKind.Array })
            throw new FormatException("it is no manifest: it lists no layers.");
        var config = root.Member("config") is { } member ? Descriptor(member) : null;
        return new OciManifest(root.Text("artifactType") ?? config?.ArtifactType, config, Descriptors(root, "layers"), null, ReadAnnotations(root));
    }

    private static List<OciDescriptor> Descriptors(JsonElement of, string name)
    {
        var read = new List<OciDescriptor>();
        foreach (var item in of.Items(name))
        {
            if (read.Count == EntryLimit)
                throw new FormatException($"it lists more than {EntryLimit:N0} {name}.");
            read.Add(Descriptor(item));
        }
        return read;
    }

    private static OciDescriptor Descriptor(JsonElement item)
    {
        var digest = Digest.Parse(item.Text("digest") ?? throw new FormatException("it names a blob without a digest."));
        if (digest.Algorithm != DigestAlgorithm.Sha256)
            throw new FormatException("it names a blob by another digest than SHA-256.");
        if (item.Long("size") is not (>= 0 and var size))
            throw new FormatException("it names a blob without a size.");
        var platform = item.Member("platform") is { } on && on.Text("os") is { } os ? $"{os}/{on.Text("architecture")}" : null;
        return new OciDescriptor(
            item.Text("mediaType") ?? "", digest, size, ReadAnnotations(item), item.Text("artifactType"), item.Text("name"), platform);
    }

    private static Dictionary<string, string> ReadAnnotations(JsonElement of)
    {
        var read = new Dictionary<string, string>();
        if (of.Member("annotations") is { ValueKind: JsonValueKind.Object } annotations)
        {
            foreach (var annotation in annotations.EnumerateObject())
            {
                if (annotation.Value.ValueKind == JsonValueKind.String)
                    read[annotation.Name] = annotation.Value.GetString()!; // A JSON string is never null
            }
        }
        return read;
    }
}

/// <summary>Media types of manifests.</summary>
internal static class OciMediaTypes
{
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string Index = "application/vnd.oci.image.index.v1+json";
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
    public const string DockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
    public const string Empty = "application/vnd.oci.empty.v1+json";

    public const string Accepted = $"{Manifest}, {Index}, {DockerManifest}, {DockerList}";
}
