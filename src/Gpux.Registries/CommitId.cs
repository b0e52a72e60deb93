using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Gpux.Registries;

/// <summary>Commits for registries that have none.</summary>
internal static class CommitId
{
    /// <summary>64 hexadecimal digits that change whenever a file's path, size, digest or the registry's own version
    /// changes.</summary>
    /// <param name="version">What else tells two versions apart, such as an ETag or a version number.</param>
    public static string Of(IEnumerable<ModelFile> files, string? version = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files.OrderBy(file => file.Path, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{file.Path}\n{file.SizeBytes}\n{file.Digest?.ToString() ?? file.ObjectId}\n")));
        hash.AppendData(Encoding.UTF8.GetBytes(version ?? ""));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
