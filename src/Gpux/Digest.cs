namespace Gpux;

public enum DigestAlgorithm
{
    Sha256,

    /// <summary>The id git gives to a file's content: SHA-1 of "blob {size}\0" and the bytes.</summary>
    GitBlobSha1,
    Sha1,
    Md5,

    /// <summary>The first digits of a SHA-256, as PyTorch's file names end in them.</summary>
    Sha256Prefix,

    /// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), most significant byte first, as cloud storage states it.</summary>
    Crc32c,
}

/// <summary>What the bytes of a file must hash to.</summary>
/// <param name="Hex">Lower-case hexadecimal; of <see cref="DigestAlgorithm.Sha256Prefix"/> 8 digits or more.</param>
public readonly record struct Digest(DigestAlgorithm Algorithm, string Hex)
{
    public static Digest Sha256(ReadOnlySpan<byte> hash) => new(DigestAlgorithm.Sha256, Convert.ToHexStringLower(hash));

    /// <summary>Whether content that hashes to <paramref name="actual"/> is what this digest stands for.</summary>
    public bool Matches(Digest actual) => Algorithm == DigestAlgorithm.Sha256Prefix
        ? actual.Algorithm is DigestAlgorithm.Sha256 or DigestAlgorithm.Sha256Prefix && actual.Hex.StartsWith(Hex, StringComparison.Ordinal)
        : this == actual;

    /// <summary>Reads "sha256:{64 hex}", "sha256-prefix:", "sha1:", "md5:", "crc32c:" or "git:" forms.</summary>
    /// <exception cref="FormatException">Another form.</exception>
    public static Digest Parse(string text)
    {
        var colon = text.IndexOf(':');
        var hex = text[(colon + 1)..];
        DigestAlgorithm? algorithm = (colon < 0 ? "" : text[..colon], hex.Length) switch
        {
            ("sha256", 64) => DigestAlgorithm.Sha256,
            ("sha256-prefix", >= 8 and < 64) => DigestAlgorithm.Sha256Prefix,
            ("git", 40) => DigestAlgorithm.GitBlobSha1,
            ("sha1", 40) => DigestAlgorithm.Sha1,
            ("md5", 32) => DigestAlgorithm.Md5,
            ("crc32c", 8) => DigestAlgorithm.Crc32c,
            _ => null,
        };
        if (algorithm is null || !hex.All(char.IsAsciiHexDigitLower))
            throw new FormatException($"'{text}' is no digest: expected such as sha256:{new string('0', 6)}... in lower-case hexadecimal.");
        return new Digest(algorithm.Value, hex);
    }

    /// <summary>Hashes a whole stream. <paramref name="sizeBytes"/> is needed before the first byte by git's form only.</summary>
    public static async Task<Digest> ComputeAsync(
        DigestAlgorithm algorithm, Stream content, long sizeBytes, CancellationToken cancellationToken)
    {
        using var hash = Begin(algorithm, sizeBytes);
        var buffer = new byte[1 << 17];
        for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0;)
            hash.AppendData(buffer.AsSpan(0, read));
        return hash.Finish();
    }

    /// <summary>A hash to append the content to, piece by piece.</summary>
    public static ContentHash Begin(DigestAlgorithm algorithm, long sizeBytes) => new(algorithm, sizeBytes);

    public override string ToString() => Algorithm switch
    {
        DigestAlgorithm.Sha256 => "sha256:",
        DigestAlgorithm.GitBlobSha1 => "git:",
        DigestAlgorithm.Sha1 => "sha1:",
        DigestAlgorithm.Sha256Prefix => "sha256-prefix:",
        DigestAlgorithm.Crc32c => "crc32c:",
        _ => "md5:",
    } + Hex;
}
