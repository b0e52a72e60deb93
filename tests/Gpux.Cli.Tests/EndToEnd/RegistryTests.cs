using Gpux.StandIns;

namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>The way of a model from each registry, as a user goes it.</summary>
[Trait("Category", "Slow")]
public sealed class RegistryTests
{
    public static TheoryData<string> Registries => [.. StandInCatalog.All.Select(standIn => standIn.Name)];

    [Theory]
    [MemberData(nameof(Registries))]
    public async Task A_model_is_shown_pulled_listed_and_removed(string registry)
    {
        await using var standIn = await StandInCatalog.StartAsync(registry);
        using var user = new User();
        foreach (var (name, value) in standIn.Variables)
            user.Variables[name] = value;

        var info = await user.RunAsync("info", standIn.Reference, "--json");
        Assert.True(info.ExitCode == 0, info.ToString());
        Assert.NotEmpty(info.Json.GetProperty("files").EnumerateArray());
        var plan = await user.RunAsync("pull", standIn.Reference, "--all", "--dry-run", "--json");
        Assert.True(plan.ExitCode == 0, plan.ToString());
        Assert.Contains(plan.Json.GetProperty("files").EnumerateArray(), file => file.GetProperty("plan").GetString() == "fetch");

        var pulled = await user.RunAsync("pull", standIn.Reference, "--all", "--json");
        Assert.True(pulled.ExitCode == 0, pulled.ToString());
        var files = pulled.Json.GetProperty("files").EnumerateArray()
            .ToDictionary(file => file.GetProperty("name").GetString()!, file => file.GetProperty("path").GetString()!); // the command writes both
        Assert.Equal(standIn.Files.Keys.Order(StringComparer.Ordinal), files.Keys.Order(StringComparer.Ordinal));
        Assert.All(standIn.Files, file => Assert.Equal(file.Value, File.ReadAllBytes(files[file.Key])));

        var listed = (await user.RunAsync("list", "--json")).Json;
        var model = Assert.Single(listed.EnumerateArray()).GetProperty("model").GetString()!; // likewise
        foreach (var answer in (ReadOnlySpan<Answer>)[info, plan, pulled])
            Assert.DoesNotContain(standIn.Secret, answer.ToString(), StringComparison.Ordinal);
        var removed = await user.RunAsync("remove", model);
        Assert.True(removed.ExitCode == 0, removed.ToString());
        Assert.Empty((await user.RunAsync("list", "--json")).Json.EnumerateArray());
    }
}
