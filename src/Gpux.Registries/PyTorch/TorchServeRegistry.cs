using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gpux.Registries.Http;

namespace Gpux.Registries.PyTorch;

/// <summary>Reads TorchServe's model archives (.mar), from an address or a path. Handlers in them are never executed.</summary>
/// <remarks>Source: model-archiver of TorchServe 0.12: MAR-INF/MANIFEST.json. Of an archive at an address only its list of members and
/// its manifest are read before it is fetched.</remarks>
public sealed class TorchServeRegistry(RegistryEnvironment environment) : IModelRegistry
{
    /// <summary>What stands before the colon of a reference.</summary>
    public const string Name = "torchserve";

    /// <summary>The variable with the address of a mirror of TorchServe's own archives.</summary>
    public const string EndpointVariable = "GPUX_TORCHSERVE_ENDPOINT";

    private const string Title = "TorchServe's archives";
    private const string Ending = ".mar";
    private const string ManifestName = "MAR-INF/MANIFEST.json";
    private const int ManifestLimitBytes = 1 << 20;
    private const int MemberLimit = 100_000;

    /// <summary>Reads a name of TorchServe's own archives ("densenet161"), a path, and an address.</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
            return OfAddress(address);
        var model = ModelReference.ReadPlain(Name, text);
        if (model.Name.EndsWith(Ending, StringComparison.OrdinalIgnoreCase))
            return model with { Name = Path.GetFullPath(model.Name) };
        return model.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.') && model.Name[0] != '.' ? model
            : throw new InvalidReferenceException($"{Name}:{text}", "it is neither a name, nor a path or an address that ends in .mar");
    }

    /// <summary>Reads the address of a model archive; null for any other.</summary>
    public static ModelReference? ReadAddress(Uri address) =>
        address.AbsolutePath.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) ? OfAddress(address) : null;

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        model = model with { Path = null };
        var source = Find(model.Name);
        var name = Path.GetFileName(source.IsFile ? source.LocalPath : Uri.UnescapeDataString(source.AbsolutePath));
        var properties = new Dictionary<string, string> { ["library_name"] = "pytorch" };
        var file = new ModelFile(name, SizeBytes: null, Digest: null) { IsArchive = true };
        RepositoryPath.CheckAll(model.ToString(), [file]);
        // What tells two versions apart: the members' checksums, or else the server's tag.
        string? version;
        if (source.IsFile)
        {
            await using var local = OpenLocal(model, source.LocalPath);
            file = file with { SizeBytes = local.Length };
            version = await ReadArchiveAsync(local, model, properties, cancellationToken);
        }
        else
        {
            var draft = new ModelManifest(model, new string('0', 64), [file]);
            await using var remote = new RangeStream((range, token) => OpenAsync(draft, file, range, token));
            try
            {
                await remote.StartAsync(cancellationToken);
                file = file with { SizeBytes = remote.KnownLength };
                version = remote.HasRanges ? await ReadArchiveAsync(remote, model, properties, cancellationToken) : remote.EntityTag;
            }
            catch (IOException broken)
            {
                throw new RegistryUnreachableException(Title, $"{source.Host} breaks off: {broken.Message}", broken);
            }
        }
        var commit = CommitId.Of([file], version);
        if (model.Revision is not null && model.Revision != commit)
            throw new RevisionNotFoundException(model);
        return new ModelManifest(model, commit, [file], Licence: null, source.IsFile ? source.LocalPath : source.AbsoluteUri)
        {
            Properties = properties,
        };
    }

    public async Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var source = Find(manifest.Model.Name);
        if (source.IsFile)
        {
            var local = OpenLocal(manifest.Model, source.LocalPath);
            local.Position = Math.Min(range.Offset, local.Length);
            return new FileContent(local, local.Position, local.Length);
        }
        return await TorchFile.OpenAsync(environment, source, manifest, file, range, cancellationToken);
    }

    private static ModelReference OfAddress(Uri address) => address.UserInfo.Length == 0 && (address.Scheme == "https" || address.IsLoopback)
        && address.AbsolutePath.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)
        ? new ModelReference(Name, address.GetLeftPart(UriPartial.Query))
        : throw new InvalidReferenceException(address.GetLeftPart(UriPartial.Path), "the address of an archive begins with https:// and ends in .mar");

    private Uri Find(string name)
    {
        if (Uri.TryCreate(name, UriKind.Absolute, out var address) && (address.Scheme is "http" or "https" || address.IsFile))
            return address;
        return new Uri(ServerAddress.Read(environment, Title, EndpointVariable, "https://torchserve.pytorch.org/mar_files"), name + Ending);
    }

    private static FileStream OpenLocal(ModelReference model, string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 12, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelNotFoundException(model.ToString(), $"The archive '{path}' cannot be opened: {exception.Message}", "Check the path.", exception);
        }
    }

    /// <returns>What changes whenever a member does; null where the list of members cannot be read in part.</returns>
    private static async Task<string?> ReadArchiveAsync(
        Stream content, ModelReference model, Dictionary<string, string> properties, CancellationToken cancellationToken)
    {
        try
        {
            var magic = new byte[2];
            await content.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, cancellationToken);
            if (magic is [0x1f, 0x8b])
                return null; // A tar.gz, which has its manifest anywhere.
            content.Position = 0;
            await using var zip = await ZipArchive.CreateAsync(content, ZipArchiveMode.Read, leaveOpen: true, entryNameEncoding: null, cancellationToken);
            if (zip.Entries.Count > MemberLimit)
                throw new InvalidDataException($"it has more than {MemberLimit:N0} members");
            var entry = zip.GetEntry(ManifestName) ?? throw new InvalidDataException($"it has no {ManifestName}");
            if (entry.Length > ManifestLimitBytes)
                throw new InvalidDataException($"{ManifestName} exceeds {ManifestLimitBytes >> 20} MiB");
            await using var stream = await entry.OpenAsync(cancellationToken);
            var bytes = new byte[ManifestLimitBytes];
            var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            using var json = StrictJson.Parse(bytes.AsMemory(0, length));
            Describe(json.RootElement, zip, properties);
            return Version(zip);
        }
        catch (Exception exception) when (exception is InvalidDataException or JsonException or EndOfStreamException)
        {
            throw new InvalidModelArchiveException(model.ToString(),
                exception is JsonException ? $"{ManifestName} is no JSON" : exception.Message.TrimEnd('.'), exception);
        }
    }

    private static void Describe(JsonElement manifest, ZipArchive zip, Dictionary<string, string> properties)
    {
        if (manifest.Member("model") is not { } model || model.Text("modelName") is not { } name || model.Text("handler") is not { } handler)
            throw new InvalidDataException($"{ManifestName} names no model or no handler");
        properties["model_name"] = name;
        properties["handler"] = handler;
        foreach (var (from, to) in (ReadOnlySpan<(string, string)>)
            [("serializedFile", "serialized_file"), ("modelFile", "model_file"), ("modelVersion", "model_version"), ("configFile", "config_file")])
        {
            if (model.Text(from) is { } value)
                properties[to] = value;
        }
        if (properties.TryGetValue("serialized_file", out var weights) && zip.GetEntry(weights) is null)
            throw new InvalidDataException($"{ManifestName} names the weights '{Printable.Text(weights)}', which are not in the archive");
        if (manifest.Text("runtime") is { } runtime)
            properties["runtime"] = runtime;
        if (manifest.Text("createdOn") is { } created)
            properties["lastModified"] = created;
        var task = handler switch
        {
            "image_classifier" => "image-classification",
            "text_classifier" => "text-classification",
            "object_detector" => "object-detection",
            "image_segmenter" => "image-segmentation",
            _ => null,
        };
        if (task is not null)
            properties["pipeline_tag"] = task;
    }

    private static string Version(ZipArchive zip)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var entry in zip.Entries)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"{entry.FullName}\n{entry.Length}\n{entry.Crc32:x8}\n");
            hash.AppendData(Encoding.UTF8.GetBytes(line));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>A file is no archive of TorchServe.</summary>
public sealed class InvalidModelArchiveException(string model, string problem, Exception? inner = null) : GpuxException(
    ErrorCode.InvalidModelArchive,
    $"{model} is no model archive of TorchServe: {Printable.Text(problem)}.",
    "Make it again with torch-model-archiver, or check that the whole file was copied.",
    inner);
