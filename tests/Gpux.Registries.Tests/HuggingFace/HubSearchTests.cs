using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.HuggingFace;

public sealed class HubSearchTests
{
    private static readonly TimeSpan Patience = SkippingClock.Untouched;

    private static Task<IReadOnlyList<SearchAnswer>> SearchAsync(TestMachine machine, ModelSearch search, params string[] registries) =>
        machine.Store().SearchAsync(search, registries.Length == 0 ? null : registries, Patience, CancellationToken.None);

    [Fact]
    public async Task Words_and_filters_go_to_the_Hub_and_answers_are_read()
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Hub.Add("org/tiny-bert").Info =
            """
            "pipeline_tag":"text-classification","library_name":"transformers","downloads":12,"likes":3,"tags":["license:mit"],
            "config":{"model_type":"bert"},"safetensors":{"parameters":{"F32":10,"F16":4},"total":14},"lastModified":"2026-01-02T03:04:05.000Z"
            """;
        machine.Hub.Add("org/other");
        var answer = Assert.Single(await SearchAsync(
            machine, new ModelSearch("tiny bert", 5) { Task = "text-classification", Licence = "MIT" }, "hf"));
        Assert.Null(answer.Failure);
        var found = Assert.Single(answer.Models);
        Assert.Equal(new FoundModel(new ModelReference(ModelReference.HuggingFace, "org/tiny-bert"))
        {
            Task = "text-classification", Licence = "mit", Library = "transformers", ModelType = "bert", Parameters = 14, SizeBytes = 48,
            Downloads = 12, Likes = 3, UpdatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        }, found);
        var target = Assert.Single(machine.Hub.Requests).Target;
        Assert.Contains("&search=tiny&search=bert&pipeline_tag=text-classification&filter=license%3Amit&", target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_are_followed_until_enough_models_fit()
    {
        await using var machine = await TestMachine.StartAsync();
        for (var i = 0; i < 7; i++)
            machine.Hub.Add($"org/model-{i}").Info = $"\"tags\":[],\"safetensors\":{{\"parameters\":{{\"F32\":{(i % 2 == 0 ? 1000 : 1)}}}}}";
        var answer = Assert.Single(await SearchAsync(machine, new ModelSearch("model", 3) { MaximalBytes = 100 }, "hf"));
        Assert.Equal(["org/model-1", "org/model-3", "org/model-5"], answer.Models.Select(model => model.Model.Name));
    }

    [Fact]
    public async Task A_registry_that_fails_is_told_beside_the_others()
    {
        await using var machine = TestMachine.WithoutNetwork();
        machine.Variables["GPUX_SAMPLES"] = Path.Combine(Golden.Repository, "samples");
        var answers = await SearchAsync(machine, new ModelSearch("digits", 5), "hf", "samples");
        Assert.IsType<RegistryUnreachableException>(answers.Single(answer => answer.Registry == "hf").Failure);
        Assert.Equal("digits", Assert.Single(answers.Single(answer => answer.Registry == "samples").Models).Model.Name);
    }

    [Fact]
    public async Task A_registry_without_a_search_says_so_where_it_is_named()
    {
        await using var machine = TestMachine.WithoutNetwork();
        Assert.IsType<SearchUnsupportedException>(Assert.Single(await SearchAsync(machine, new ModelSearch("a", 5), "local")).Failure);
        await Assert.ThrowsAsync<UnknownRegistryException>(() => SearchAsync(machine, new ModelSearch("a", 5), "nowhere"));
    }

    [Fact]
    public async Task Offline_no_request_is_made()
    {
        await using var machine = await TestMachine.StartAsync();
        machine.Variables["HF_HUB_OFFLINE"] = "1";
        Assert.IsType<OfflineException>(Assert.Single(await SearchAsync(machine, new ModelSearch("a", 5), "hf")).Failure);
        Assert.Empty(machine.Hub.Requests);
    }

    [Fact]
    public void Merged_answers_alternate_and_exact_names_come_first()
    {
        var search = new ModelSearch("resnet50", 10) { Licence = "mit" };
        SearchAnswer Answer(string registry, params (string Name, string? Licence)[] models) => new(registry,
            [.. models.Select(model => new FoundModel(new ModelReference(registry, model.Name)) { Licence = model.Licence })], null, default);
        var merged = SearchRanking.Merge(
            [
                Answer("a", ("org/one", "mit"), ("org/two", "mit"), ("org/three", "gpl-3.0")),
                Answer("b", ("other", "mit"), ("owner/resnet50", "mit"), ("unknown", null)),
            ], search);
        Assert.Equal(["owner/resnet50", "org/one", "other", "org/two"], merged.Select(model => model.Model.Name));
    }
}
