namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The files of a repository that a tokenizer may be read from.</summary>
/// <param name="pathOf">The local path of a file, or null if the repository has no such file.</param>
internal sealed class RepositoryFiles(Func<string, string?> pathOf)
{
    private const long LargestFile = 1L << 29; // bytes

    public bool Has(string name) => pathOf(name) is not null;

    /// <returns>The first of the names that the repository has, or null.</returns>
    public string? FirstOf(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Has(name))
                return name;
        }
        return null;
    }

    /// <summary>The bytes of a file, without a byte order mark; null: there is no such file.</summary>
    public byte[]? Find(string name)
    {
        if (pathOf(name) is not { } path)
            return null;
        if (new FileInfo(path).Length > LargestFile)
            throw new InvalidTokenizerException(name, $"it is larger than {LargestFile >> 20} MiB");
        var bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
    }

    /// <exception cref="InvalidTokenizerException">There is no such file.</exception>
    public byte[] Get(string name) => Find(name) ?? throw new InvalidTokenizerException(name, "the repository lacks it");
}
