using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Transfers;

namespace Gpux.Benchmarks.Tests.Transfers;

/// <summary>An empty database in a folder of its own, and imports into it.</summary>
internal sealed class Importer : IDisposable
{
    public Importer() => Store = BenchmarkStore.Open(Folder["results.duckdb"], TimeSpan.Zero, default);

    public TemporaryFolder Folder { get; } = new();
    public BenchmarkStore Store { get; }

    /// <summary>Every run that the database has.</summary>
    public IReadOnlyList<BenchmarkRun> Runs => [.. Store.Find(new RunFilter(), default).Select(found => found.Run)];

    public static string Golden(params ReadOnlySpan<string> parts) => Path.Combine([Corpus.Repository, "tests", "Golden", "benchmarks", .. parts]);

    public IReadOnlyList<FileImport> ImportAll(string path, ImportOptions? options = null) => ImportAll([path], options);

    public IReadOnlyList<FileImport> ImportAll(string[] paths, ImportOptions? options = null) =>
        new ResultImport(Store, options ?? new ImportOptions(), TimeProvider.System).Import(paths, null, default);

    /// <summary>Imports a file that must not fail.</summary>
    public FileImport Import(string path, ImportOptions? options = null)
    {
        var file = Assert.Single(ImportAll(path, options));
        Assert.Null(file.Error);
        return file;
    }

    /// <summary>Writes a file and imports it.</summary>
    public FileImport ImportText(string name, string text, ImportOptions? options = null)
    {
        File.WriteAllText(Folder[name], text);
        return Assert.Single(ImportAll(Folder[name], options));
    }

    /// <returns>The path of the file.</returns>
    public string Export(string name, RunFilter? filter = null)
    {
        new ResultExport(Store).Write(Folder[name], ResultExport.FormatOf(name)!.Value, filter ?? new RunFilter(), default); // tests name what they mean
        return Folder[name];
    }

    public void Dispose()
    {
        Store.Dispose();
        Folder.Dispose();
    }
}
