using Gpux.Models.Tests.Detection;
using Gpux.Registries.Store;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Tests.Batches;

/// <summary>Opens models of the corpus as the commands do, in a home of their own.</summary>
internal sealed class TestPipelines : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-batches-").FullName;
    private readonly ModelLibrary _library;

    public TestPipelines() => _library = new ModelLibrary(TestHome.Environment(_folder));

    public string Folder => _folder;

    public Pipeline Open(string name, string? task = null) => OpenFolder(Corpus.PathOf("models", name, "repo"), task);

    public Pipeline OpenFolder(string folder, string? task = null) => _library.OpenAsync(new ModelReference("local", folder),
        new OpenOptions(new PrepareOptions(Lookup.PreferStore), task) { IsForManyInputs = true }, progress: null, CancellationToken.None).GetAwaiter().GetResult();

    public string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        _library.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
