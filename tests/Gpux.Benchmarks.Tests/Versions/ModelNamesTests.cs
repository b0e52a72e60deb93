using Gpux.Benchmarks.Results;
using Gpux.Benchmarks.Scoring;
using Gpux.Benchmarks.Tests.Database;
using Gpux.Benchmarks.Tests.Database.DuckDb;
using Gpux.Benchmarks.Tests.Database.Postgres;
using Gpux.Benchmarks.Tests.Results;
using Gpux.Benchmarks.Versions;
using Gpux.Registries;

namespace Gpux.Benchmarks.Tests.Versions;

public sealed class DuckDbModelNamesTests() : ModelNamesTests(new DuckDbFile());

[Collection(nameof(PostgresServer))]
public sealed class PostgresModelNamesTests(PostgresServer server) : ModelNamesTests(server.Create());

public abstract class ModelNamesTests : IDisposable
{
    private readonly ITestDatabase _database;
    private readonly BenchmarkStore _store;
    private readonly ModelNames _names = new(new ReferenceForms(RegistryCatalog.All));

    protected ModelNamesTests(ITestDatabase database)
    {
        _database = database;
        _store = BenchmarkStore.Open(database.Location, TimeSpan.Zero, default);
        foreach (var (i, model) in ((string[])["samples/language-id", "org/bert", "other/llama", "third/llama", "llama", "mlflow:fraud", "a/twice", "b/twice"]).Index())
            _store.Add(ExampleRun.Of($"{i}", model: model, version: i % 2 == 0 ? "v1" : "v2"), default);
    }

    public void Dispose()
    {
        _store.Dispose();
        _database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData("samples/language-id", "samples/language-id")]
    [InlineData("samples:language-id", "samples/language-id")]
    [InlineData("language-id", "samples/language-id")]
    [InlineData("hf:org/bert", "org/bert")]
    [InlineData("hf:org/bert@main", "org/bert")]
    [InlineData("https://huggingface.co/org/bert", "org/bert")]
    [InlineData("bert", "org/bert")]
    [InlineData("llama", "llama")] // a name of its own, though others end so
    [InlineData("mlflow:fraud", "mlflow:fraud")]
    public void A_model_is_found_by_name_reference_or_unique_end(string text, string name)
    {
        Assert.Equal(name, _names.Find(_store.Connection, text, default)!.Value.Name); // it is there
        Assert.Equal([name], _store.Find(_names.Resolve(_store.Connection, new RunFilter { Model = text }, default), default).Select(run => run.Run.Model.Name));
        Assert.True(_names.Means(text, name));
    }

    [Theory]
    [InlineData("twice", "a/twice, b/twice.")]
    [InlineData("lama", "llama")]
    [InlineData("berd", "bert")]
    [InlineData("", "llama")]
    [InlineData("BERT", "org/bert")]
    public void A_model_that_is_not_found_is_an_error_with_what_may_be_meant(string text, string candidate)
    {
        Assert.Null(_names.Find(_store.Connection, text, default));
        var refused = Assert.Throws<ModelNotMeasuredException>(() => _names.Resolve(_store.Connection, new RunFilter { Model = text }, default));
        Assert.Contains($"model '{text}'; it has ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(candidate, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_stored_under_a_name_s_end_is_another_model()
    {
        Assert.Null(_names.FindWhole(_store.Connection, "bert", default));
        new VersionControlSystem(_store).AddModelVersion("bert", "v1", "abcdef");
        Assert.Equal("bert", _names.Find(_store.Connection, "bert", default)!.Value.Name); // as it was added
    }

    [Fact]
    public void An_alias_stands_for_its_version_of_one_model_or_of_all()
    {
        _store.Add(ExampleRun.Of("new", model: "org/bert", version: "v3"), default);
        var versions = new VersionControlSystem(_store);
        versions.MoveAlias("org/bert", "champion", "v2");
        versions.MoveAlias("org/bert", "champion", "v3");
        versions.MoveAlias("llama", "champion", "v1");
        Assert.Equal(["4", "new"], _store.Find(new RunFilter { VersionTag = "@champion" }, default).Select(run => run.Run.Key));
        Assert.Empty(_store.Find(new RunFilter { VersionTag = "@nothing" }, default));
        foreach (var word in (string[])["@champion", "champion", "v3"])
            Assert.Equal(new RunFilter { Model = "org/bert", VersionTag = "v3" }, _names.Resolve(_store.Connection, new RunFilter { Model = "bert", VersionTag = word }, default));
        Assert.Throws<VersionNotFoundException>(() => _names.Resolve(_store.Connection, new RunFilter { Model = "bert", VersionTag = "@nothing" }, default));
        Assert.Throws<VersionNotFoundException>(() => _names.Resolve(_store.Connection, new RunFilter { Model = "bert", VersionTag = "v1" }, default));
        versions.MoveAlias("org/bert", "champion", null);
        Assert.Equal(["4"], _store.Find(new RunFilter { VersionTag = "@champion" }, default).Select(run => run.Run.Key));
    }
}
