using System.Globalization;

namespace Gpux.Registries.Oci;

/// <summary>Which files the layers of an artifact are.</summary>
/// <remarks>Source: ORAS (a layer's title is its file's name); Docker's model artifacts, config v0.1 and v0.2; CNCF ModelPack
/// v1.</remarks>
internal static class OciFiles
{
    private const string Title = "org.opencontainers.image.title";
    private const string FilePath = "org.cncf.model.filepath";
    private const string Unpack = "io.deis.oras.content.unpack";
    private const string DockerPrefix = "application/vnd.docker.ai.";
    private const string ModelPackPrefix = "application/vnd.cncf.model.";
    private const string ImageLayerPrefix = "application/vnd.oci.image.layer.";

    /// <exception cref="NotAModelArtifactException">No layer is a file.</exception>
    /// <exception cref="UnsupportedLayerException">A layer is compressed in a way that cannot be read.</exception>
    public static List<ModelFile> Of(OciManifest manifest, string owner)
    {
        var files = new List<ModelFile>();
        var seen = new HashSet<ModelFile>();
        var unnamed = new List<(OciDescriptor Layer, string Name)>();
        foreach (var layer in manifest.Layers)
        {
            var name = layer.Annotation(FilePath) ?? layer.Annotation(Title);
            if (name is null && NameByType(layer.MediaType) is { } usual)
                unnamed.Add((layer, usual));
            else if (name is not null)
                Add(layer, name);
        }
        foreach (var group in unnamed.GroupBy(each => each.Name))
        {
            var layers = group.ToList();
            for (var i = 0; i < layers.Count; i++)
                Add(layers[i].Layer, Numbered(group.Key, i, layers.Count));
        }
        if (files.Count == 0)
            throw new NotAModelArtifactException(owner, Kind(manifest));
        RepositoryPath.CheckAll(owner, files);
        return files;

        void Add(OciDescriptor layer, string name)
        {
            var ending = ArchiveEnding(layer, name, owner);
            if (ending is not null && !name.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
                name = name.TrimEnd('/') + ending;
            var file = new ModelFile(name, layer.SizeBytes, layer.Digest) { IsArchive = ending is not null };
            // The same file under the same name, as artifacts that were pushed in steps have it.
            if (seen.Add(file))
                files.Add(file);
        }
    }

    /// <summary>Several files of one kind have the names of shards, which readers of both formats know.</summary>
    internal static string Numbered(string name, int index, int count)
    {
        if (count == 1)
            return name;
        var dot = name.LastIndexOf('.');
        var (stem, ending) = dot < 0 ? (name, "") : (name[..dot], name[dot..]);
        return string.Create(CultureInfo.InvariantCulture, $"{stem}-{index + 1:00000}-of-{count:00000}{ending}");
    }

    private static string? ArchiveEnding(OciDescriptor layer, string name, string owner)
    {
        var type = layer.MediaType;
        if (type.Contains("zstd", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedLayerException(owner, name, "zstd");
        if (type.EndsWith("tar+gzip", StringComparison.Ordinal) || type.EndsWith("tar.gzip", StringComparison.Ordinal)
            || layer.Annotation(Unpack) == "true")
            return ".tar.gz";
        var isTar = type.EndsWith(".tar", StringComparison.Ordinal)
            && (type.StartsWith(DockerPrefix, StringComparison.Ordinal) || type.StartsWith(ModelPackPrefix, StringComparison.Ordinal));
        return isTar ? ".tar" : null;
    }

    // Layers of these types that have no name of their own.
    private static string? NameByType(string type)
    {
        if (type.StartsWith(DockerPrefix, StringComparison.Ordinal))
        {
            return type[DockerPrefix.Length..] switch
            {
                "gguf.v3" => "model.gguf",
                "gguf.v3.lora" => "adapter.gguf",
                "gguf.v3.mmproj" or "mmproj" => "mmproj.gguf",
                "safetensors" => "model.safetensors",
                "dduf" => "model.dduf",
                "vllm.config.tar" => "config.tar",
                "dir.tar" => "files.tar",
                "license" => "LICENSE",
                "chat.template.jinja" => "chat_template.jinja",
                _ => null,
            };
        }
        if (!type.StartsWith(ModelPackPrefix, StringComparison.Ordinal))
            return null;
        var kind = type[ModelPackPrefix.Length..];
        return kind.EndsWith(".gguf", StringComparison.Ordinal) ? "model.gguf"
            : kind.EndsWith(".safetensors", StringComparison.Ordinal) ? "model.safetensors"
            : kind.EndsWith(".tar", StringComparison.Ordinal) || kind.Contains(".tar+", StringComparison.Ordinal) ? kind.Split('.')[0] : null;
    }

    private static string Kind(OciManifest manifest)
    {
        if (manifest.Layers.Any(layer => layer.MediaType.StartsWith(ImageLayerPrefix, StringComparison.Ordinal)
            || layer.MediaType.Contains("docker.image.rootfs", StringComparison.Ordinal)))
            return "it is the image of a container";
        return manifest.Layers.Count == 0 ? "it has no layers" : "none of its layers says which file it is";
    }
}

/// <summary>What the registry has under this name holds no files of a model.</summary>
public sealed class NotAModelArtifactException(string name, string reason) : GpuxException(
    ErrorCode.NotAModelArtifact,
    $"{name} is no model artifact: {reason}.",
    "Name an artifact that was pushed as a model: with oras push, docker model push, or a ModelPack tool.");

/// <summary>A layer is packed in a way that GPUX does not read.</summary>
public sealed class UnsupportedLayerException(string model, string file, string packing) : GpuxException(
    ErrorCode.UnsupportedLayer,
    $"The layer '{Printable.Text(file)}' of {model} is compressed with {packing}, which GPUX does not read.",
    "Pull it with the tool that pushed it and name the folder instead, or ask the publisher for a layer that is plain or compressed with gzip.");
