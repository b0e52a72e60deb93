using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Tests;

/// <summary>A folder with a repository's files, removed when it is disposed of.</summary>
internal sealed class MadeRepository : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public MadeRepository(params ReadOnlySpan<(string Name, string Content)> files)
    {
        foreach (var (name, content) in files)
            Write(Text(name, content));
    }

    public void Write(params ReadOnlySpan<(string Name, byte[] Content)> files)
    {
        foreach (var (name, content) in files)
            Write(name, content);
    }

    public void Write(string name, ReadOnlySpan<byte> content) => System.IO.File.WriteAllBytes(Path.Combine(_folder.Path, name), content);

    /// <summary>The path of a file; null if it has none of this name.</summary>
    public string? File(string name) => Path.Combine(_folder.Path, name) is var path && System.IO.File.Exists(path) ? path : null;

    public static (string Name, byte[] Content) Text(string name, string content) => (name, System.Text.Encoding.UTF8.GetBytes(content));

    public static (string Name, byte[] Content) Class(string name, string more = "") =>
        Text("tokenizer_config.json", $$"""{"tokenizer_class":"{{name}}"{{(more.Length > 0 ? "," : "")}}{{more}}}""");

    /// <summary>Loads a tokenizer from such files.</summary>
    public static Tokenizer Load(params ReadOnlySpan<(string Name, byte[] Content)> files)
    {
        using var repository = new MadeRepository();
        repository.Write(files);
        return Tokenizer.LoadFolder(repository._folder.Path);
    }

    public void Dispose() => _folder.Dispose();
}
