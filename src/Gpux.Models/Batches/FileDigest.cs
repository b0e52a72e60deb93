using System.Security.Cryptography;

namespace Gpux.Models.Batches;

internal static class FileDigest
{
    /// <summary>The SHA-256 of a file's content.</summary>
    /// <exception cref="BatchInputException">It cannot be read.</exception>
    public static string Of(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Digest.Sha256(SHA256.HashData(file)).ToString();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BatchInputException(path, exception.Message, "Check that the file is there and may be read.", exception);
        }
    }
}
