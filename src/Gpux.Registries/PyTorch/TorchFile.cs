using System.Net;
using Gpux.Registries.Http;
using Gpux.Registries.Store;

namespace Gpux.Registries.PyTorch;

/// <summary>Weight files as torch.hub names and keeps them.</summary>
/// <remarks>Source: torch/hub.py of PyTorch 2.x.</remarks>
internal static class TorchFile
{
    private const int PrefixDigits = 8;

    /// <summary>The digest that a file's name carries between a '-' and the next '.': the first digits of its SHA-256.</summary>
    /// <returns>Null where the name carries none. Fewer than 8 digits are a version, such as "-1.".</returns>
    public static Digest? DigestInName(string name)
    {
        for (var dash = name.IndexOf('-'); dash >= 0; dash = name.IndexOf('-', dash + 1))
        {
            var end = dash + 1;
            while (end < name.Length && (char.IsAsciiDigit(name[end]) || name[end] is >= 'a' and <= 'f'))
                end++;
            if (end < name.Length && name[end] == '.' && end - dash - 1 is >= PrefixDigits and < 64)
                return new Digest(DigestAlgorithm.Sha256Prefix, name[(dash + 1)..end]);
        }
        return null;
    }

    /// <summary>Opens a file at the address where it is published, without any credential.</summary>
    public static Task<FileContent> OpenAsync(
        RegistryEnvironment environment, Uri address, ModelManifest manifest, ModelFile file, FileRange range,
        CancellationToken cancellationToken)
    {
        var http = new RegistryHttp(environment, address.Host, address, credential: null);
        var client = new RegistryClient(environment, http, "Check the name, or try again later.")
        {
            // As storage says of what it has not, so as not to list what it has.
            Refusal = (reply, _, _) => reply.Response.StatusCode == HttpStatusCode.Forbidden
                && RegistryHttp.IsSameOrigin(reply.Response.RequestMessage!.RequestUri!, address) // SendAsync always sets both
                ? new FileNotInModelException(manifest, file.Path) : null,
        };
        return client.OpenAsync(new RegistryRequest(address), manifest, file, range, digest: null, cancellationToken);
    }

    /// <summary>GPUX's own store, with links to files that PyTorch's cache of this machine has already.</summary>
    public static IFileStore Store(RegistryEnvironment environment)
    {
        var home = environment.Folder("TORCH_HOME") ?? Path.Combine(
            environment.Folder("XDG_CACHE_HOME") ?? Path.Combine(environment.Home, ".cache"), "torch");
        var folder = Path.Combine(home, "hub", "checkpoints");
        return new BlobStore(environment, (_, file) =>
            Path.Combine(folder, Path.GetFileName(file.Path)) is var path && File.Exists(path) ? path : null);
    }
}
