namespace Gpux.Runtime.Tokenizers.Loading;

/// <summary>The files of a repository that a tokenizer may be read from.</summary>
internal sealed class RepositoryFiles
{
    private const long LargestFile = 1L << 29; // bytes
    private readonly Func<string, bool> _has;
    private readonly Func<string, byte[]?> _read;

    /// <param name="pathOf">The local path of a file, or null if the repository has no such file.</param>
    public RepositoryFiles(Func<string, string?> pathOf)
    {
        _has = name => pathOf(name) is not null;
        _read = name => pathOf(name) is { } path ? Read(path, name) : null;
    }

    /// <param name="contents">Of the files by their names.</param>
    public RepositoryFiles(IReadOnlyDictionary<string, byte[]> contents) => (_has, _read) = (contents.ContainsKey, contents.GetValueOrDefault);

    public bool Has(string name) => _has(name);

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
        var bytes = _read(name);
        return bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes![3..] : bytes; // it begins with something
    }

    /// <exception cref="InvalidTokenizerException">There is no such file.</exception>
    public byte[] Get(string name) => Find(name) ?? throw new InvalidTokenizerException(name, "the repository lacks it");

    /// <summary>The same for a file of text.</summary>
    /// <exception cref="InvalidTokenizerException">It is no UTF-8.</exception>
    public byte[]? FindText(string name)
    {
        var bytes = Find(name);
        return bytes is null || System.Text.Unicode.Utf8.IsValid(bytes) ? bytes : throw new InvalidTokenizerException(name, "it is no UTF-8");
    }

    /// <exception cref="InvalidTokenizerException">There is no such file, or it is no UTF-8.</exception>
    public byte[] GetText(string name) => FindText(name) ?? throw new InvalidTokenizerException(name, "the repository lacks it");

    private static byte[] Read(string path, string name) => new FileInfo(path).Length <= LargestFile ? File.ReadAllBytes(path)
        : throw new InvalidTokenizerException(name, $"it is larger than {LargestFile >> 20} MiB");
}
