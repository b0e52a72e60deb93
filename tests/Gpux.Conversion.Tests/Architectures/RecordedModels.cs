using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>The recorded models, by which what holds of every family is judged.</summary>
internal static class RecordedModels
{
    // A state dict alone has no configuration.
    private static readonly Lazy<(string Case, ConversionPlan Plan)[]> OneOfEachFamily = new(() => [.. Corpus.Cases("models")
        .Where(name => Directory.EnumerateFiles(Corpus.PathOf("models", name, "repo"), "config.json", SearchOption.AllDirectories).Any())
        .Select(name => (Case: name, Plan: Plan(Repository(name)))).Where(model => model.Plan is not null)
        .DistinctBy(model => model.Plan!.ModelType).Select(model => (model.Case, model.Plan!))]); // filtered

    /// <summary>One of each family that takes any of the inputs, and none of the others.</summary>
    public static TheoryData<string> Families(string[] inputs, params string[] others) => [.. OneOfEachFamily.Value
        .Where(model => model.Plan.Model.Graph.Inputs is var taken && taken.Exists(input => inputs.Contains(input.Name)) && !taken.Exists(input => others.Contains(input.Name)))
        .Select(model => model.Case)];

    public static TheoryData<string> Families() => [.. OneOfEachFamily.Value.Select(model => model.Case)];

    public static ModelFiles Repository(string model) => ModelFiles.InFolder(Corpus.PathOf("models", model, "repo"));

    /// <summary>Null if the conversion is refused, which only a typed error does.</summary>
    public static ConversionPlan? Plan(ModelFiles files)
    {
        try
        {
            return Converter.Plan(files, new ConversionOptions());
        }
        catch (GpuxException)
        {
            return null;
        }
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> Present(params (string Model, string Second, string Third)[] rows)
    {
        var data = new TheoryData<string, string, string>();
        foreach (var row in rows)
            if (Corpus.Cases("models").Contains(row.Model))
                data.Add(row.Model, row.Second, row.Third);
        return data;
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string> Present(params (string Model, string Second)[] rows)
    {
        var data = new TheoryData<string, string>();
        foreach (var row in rows)
            if (Corpus.Cases("models").Contains(row.Model))
                data.Add(row.Model, row.Second);
        return data;
    }

    /// <summary>The configuration, and those of parts within it.</summary>
    public static IEnumerable<JsonObject> Sections(JsonObject config) =>
        [config, .. config.Where(field => field.Key.EndsWith("_config", StringComparison.Ordinal)).Select(field => field.Value).OfType<JsonObject>()];

    /// <param name="path">Of one of the sections.</param>
    public static JsonObject At(JsonObject config, string path) => path == "$" ? config : config[path["$.".Length..]]!.AsObject(); // one of Sections

    /// <summary>A field of another value: the model is refused, and by a typed error.</summary>
    public static GpuxException Refusal(string model, string field, string value)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config => config[field] = JsonNode.Parse(value));
        return Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
    }
}
