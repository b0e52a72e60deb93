using System.Security.Cryptography;
using System.Text;

namespace Gpux.Registries.Store;

/// <summary>Where things lie below $GPUX_HOME. Described in docs/formats/manifest.md.</summary>
internal sealed class StoreLayout(RegistryEnvironment environment)
{
    public const string Variable = "GPUX_HOME";

    public StoreFolder Home { get; } = new(environment.Folder(Variable) ?? Path.Combine(
        environment.Folder("XDG_DATA_HOME") ?? Path.Combine(environment.Home, ".local", "share"), "gpux"), Variable);

    public string Models => Path.Combine(Home.Path, "models");

    /// <summary>Held shared by whoever claims blobs, and alone by whoever deletes them.</summary>
    public string BlobsLock => Path.Combine(Home.Path, "locks", "blobs.lock");

    public string NameFolder(string registry, string name) => Path.Combine(Models, registry, FolderName(name));

    public string ModelFolder(ModelManifest manifest) => RepositoryPath.Join(
        NameFolder(manifest.Model.Registry, manifest.Model.Name), manifest.Commit, manifest.Model.Name);

    public string ModelLock(ModelManifest manifest) =>
        Path.Combine(Home.Path, "locks", manifest.Model.Registry, $"{FolderName(manifest.Model.Name)}--{manifest.Commit}.lock");

    public string Blob(string sha256) => Path.Combine(Home.Path, "blobs", "sha256", sha256[..2], sha256[2..]);

    public string Blobs => Path.Combine(Home.Path, "blobs", "sha256");

    public string PartialDownloads => Path.Combine(Home.Path, "blobs", "partial");

    /// <summary>Lists that registries publish of their models, as they were last received.</summary>
    public string Listings => Path.Combine(Home.Path, "cache");

    /// <summary>The digest in a blob's path; null if it is no path of a blob.</summary>
    public string? Sha256OfBlob(string path)
    {
        if (!RepositoryPath.IsInside(Blobs, path))
            return null;
        var hex = Path.GetRelativePath(Blobs, path).Replace(Path.DirectorySeparatorChar.ToString(), "");
        return hex.Length == 64 && hex.All(char.IsAsciiHexDigitLower) ? hex : null;
    }

    public string BlobLock(string name) => Path.Combine(Home.Path, "locks", "blobs", $"{name}.lock");

    /// <summary>One folder's name for a model's name, different for different names, legal on every platform.</summary>
    internal static string FolderName(string name)
    {
        var plain = name.Replace("/", "--");
        if (name.Length <= 100 && !name.Contains("--", StringComparison.Ordinal) && name[0] is not ('.' or '/')
            && name[^1] is not ('.' or '/')
            && plain.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            && RepositoryPath.Problem(plain) is null)
            return plain;
        // Anything else keeps what is legible of it, and a digest tells it apart: '~' is in no plain name.
        var legible = new StringBuilder();
        foreach (var c in plain.AsSpan(Math.Max(0, plain.Length - 60)))
            legible.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '_');
        return $"{legible}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 8))}";
    }
}
