using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Gpux.Registries.Http;

namespace Gpux.Registries.TensorFlowHub;

/// <summary>Reads modules of TensorFlow Hub by their handles: an archive each, from tfhub.dev or any other host.</summary>
/// <remarks>Source: tensorflow_hub 0.16, resolver and compressed_module_resolver; tensorflow.org/hub/hosting. There is neither a list of
/// files nor a digest before the download. A handle with a version never changes its meaning.</remarks>
public sealed class TensorFlowHubRegistry : IModelRegistry
{
    internal const string Name = "tfhub";
    private const string Title = "TensorFlow Hub";
    private const string Home = "https://tfhub.dev/";
    private static readonly string[] ArchiveEndings = [".tar.gz", ".tgz", ".tar"];

    private readonly RegistryEnvironment _environment;
    private readonly RegistryClient _client;
    private readonly Uri _home;

    /// <exception cref="RegistryUnreachableException">GPUX_TFHUB_ENDPOINT is no web address.</exception>
    public TensorFlowHubRegistry(RegistryEnvironment environment)
    {
        _environment = environment;
        _home = ServerAddress.Read(environment, Title, "GPUX_TFHUB_ENDPOINT", Home);
        _client = new RegistryClient(environment, new RegistryHttp(environment, Title, _home, credential: null),
            "Check the handle on the model's page, its version included.");
    }

    /// <summary>Reads "publisher/model/version", "publisher/model@version", or the address of an archive.</summary>
    /// <exception cref="InvalidReferenceException">It is neither.</exception>
    internal static ModelReference Read(string text)
    {
        var written = $"{Name}:{text}";
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return ReadAddress(address) ?? (IsArchive(address) && address.UserInfo.Length == 0 ? new ModelReference(Name, text)
                : throw new InvalidReferenceException(written, "a handle on another host than tfhub.dev ends in .tar.gz, .tgz or .tar"));
        }
        var (name, version) = ModelReference.ReadPlain(Name, text) is var plain ? (plain.Name.Trim('/'), plain.Revision) : default;
        var slash = name.LastIndexOf('/');
        if (version is null && slash > 0 && IsVersion(name[(slash + 1)..]))
            (name, version) = (name[..slash], name[(slash + 1)..]);
        if (!name.Contains('/') || RepositoryPath.Problem(name) is not null || name.AsSpan().ContainsAny('?', '#', '%'))
            throw new InvalidReferenceException(written, "a handle is publisher/model/version");
        return new ModelReference(Name, name, version);
    }

    internal static ModelReference? ReadAddress(Uri address) =>
        address.Host is "tfhub.dev" or "www.tfhub.dev" ? Read(Uri.UnescapeDataString(address.AbsolutePath).Trim('/')) : null;

    /// <summary>The folder of the cache of TensorFlow's own client, if it holds the whole module.</summary>
    internal static string? FindInCache(RegistryEnvironment environment, string handle)
    {
        var cache = environment.Folder("TFHUB_CACHE_DIR") ?? Path.Combine(Path.GetTempPath(), "tfhub_modules");
#pragma warning disable CA5350 // The name of a folder of that client's
        var folder = Path.Combine(cache, Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(handle))));
#pragma warning restore CA5350
        // Renamed when complete, and described last.
        return Directory.Exists(folder) && File.Exists($"{folder}.descriptor.txt") ? folder : null;
    }

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var handle = Handle(model);
        var hasVersion = model.Revision is not null && !model.IsPinned;
        FileProbe? probe = null;
        if (!hasVersion || FindInCache(_environment, handle) is null)
            probe = await FileProbe.SendAsync(_client, Address(handle), model, cancellationToken);
        // What a handle without a version means is told by where it leads, and what is there.
        var state = hasVersion ? "" : string.Create(CultureInfo.InvariantCulture, $"{probe?.Address}\n{probe?.EntityTag}\n{probe?.SizeBytes}");
        var last = model.Name.Split('?')[0].TrimEnd('/').Split('/')[^1];
        var path = Array.Exists(ArchiveEndings, last.EndsWith) ? last : $"{last}.tar.gz";
        RepositoryPath.Check(model.Name, path);
        var commit = CommitId.Of([], $"{handle}\n{state}");
        if (model.IsPinned && !commit.Equals(model.Revision, StringComparison.OrdinalIgnoreCase))
            throw new RevisionNotFoundException(model);
        return new ModelManifest(model with { Path = null }, commit, [new ModelFile(path, probe?.SizeBytes, probe?.Digest) { IsArchive = true }],
            Licence: null, handle) { Properties = new Dictionary<string, string> { ["library_name"] = "tensorflow" } };
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var address = Address(manifest.Source ?? Handle(manifest.Model));
        return _client.OpenAsync(new RegistryRequest(address), manifest, file, range, reply => GoogleHash.OfFile(reply, Title), cancellationToken)
            .WithSizeAsync(file, Title, address);
    }

    private Uri Address(string handle)
    {
        var address = handle.StartsWith(Home, StringComparison.Ordinal) ? new Uri(_home, handle[Home.Length..]) : new Uri(handle);
        return new Uri($"{address}{(address.Query.Length == 0 ? '?' : '&')}tf-hub-format=compressed");
    }

    // As TensorFlow's own client is given it.
    private static string Handle(ModelReference model) => model.Name.Contains("://", StringComparison.Ordinal) ? model.Name
        : $"{Home}{model.Name}{(model.Revision is null || model.IsPinned ? "" : "/" + model.Revision)}";

    private static bool IsArchive(Uri address) => Array.Exists(ArchiveEndings, address.AbsolutePath.EndsWith);

    private static bool IsVersion(string text) => text.Length is > 0 and <= 9 && text.All(char.IsAsciiDigit);
}
