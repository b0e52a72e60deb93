using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>What holds of every family of image models, judged by the recorded models of each: one model a family.</summary>
public sealed class VisionTests
{
    private static readonly Lazy<(string Case, string ModelType)[]> OneOfEachFamily = new(() => [.. Corpus.Cases("models")
        .Select(name => (Case: name, Plan: Plan(ModelFiles.InFolder(Corpus.PathOf("models", name, "repo"))))).Where(model => model.Plan is not null)
        .Where(model => model.Plan!.Model.Graph.Inputs.Exists(input => input.Name == "pixel_values") // filtered
            && !model.Plan.Model.Graph.Inputs.Exists(input => input.Name == "input_ids")
            && File.Exists(Path.Combine(Corpus.PathOf("models", model.Case, "repo"), "config.json"))) // a state dict alone has none to damage
        .Select(model => (model.Case, model.Plan!.ModelType)).DistinctBy(model => model.ModelType)]); // filtered

    public static TheoryData<string> Models => [.. OneOfEachFamily.Value.Select(model => model.Case)];

    [Theory]
    [MemberData(nameof(Models))]
    public void Damaged_configurations_are_refused_by_name_or_convert(string model)
    {
        using var copy = new RepositoryCopy(model);
        var fields = copy.Config.Select(field => field.Key).ToArray();
        JsonNode?[] wrong = [-1, 0, 3, 1_000_000_000, 1e300, 0.5, "x", true, new JsonArray(1, "x"), new JsonArray(0, 0), new JsonArray(70_000, 1_000_000_000), new JsonObject()];
        var random = new Random(20261121);
        var refused = 0;
        foreach (var field in fields)
        {
            foreach (var value in random.GetItems(wrong, 3))
            {
                copy.Write(config => config[field] = value?.DeepClone());
                refused += Plan(copy.Folder) is null ? 1 : 0; // anything but a typed error fails here
            }
        }
        Assert.InRange(refused, 1, 3 * fields.Length);
    }

    /// <summary>Of the models that are here: a user's clone has few.</summary>
    public static TheoryData<string, string, string> NotBuilt
    {
        get
        {
            var rows = new TheoryData<string, string, string>();
            foreach (var row in (ReadOnlySpan<(string, string, string)>)
            [
                ("swin-model", "use_absolute_embeddings", "true"),
                ("swin-model", "num_heads", "[2]"),
                ("swinv2-model", "pretrained_window_sizes", "[1, 1]"),
                ("cvt-model", "qkv_projection_method", """["avg", "dw_bn", "dw_bn"]"""),
                ("bit-classification", "global_padding", "\"REFLECT\""),
                ("regnet-x-model", "layer_type", "\"z\""),
                ("efficientnet-image-classification", "pooling_type", "\"median\""),
                ("convnext-backbone", "out_features", """["stage9"]"""),
                ("beit-segmentation", "out_indices", "[1, 2, 3]"),
                ("beit-model", "image_size", "1000000000"),
                ("vit_mae-model", "mask_ratio", "2"),
                ("hiera-image-classification", "masked_unit_attention", "[true]"),
                ("dinov3_vit-model", "num_attention_heads", "16"),
            ])
            {
                if (Corpus.Cases("models").Contains(row.Item1))
                    rows.Add(row.Item1, row.Item2, row.Item3);
            }
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(NotBuilt))]
    public void What_is_not_built_is_refused_by_its_name(string model, string field, string value)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config => config[field] = JsonNode.Parse(value));
        var refusal = Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
        Assert.True(refusal is UnsupportedModelException or InvalidConfigException && refusal.Message.Contains(field, StringComparison.Ordinal), refusal.Message);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Weights_stay_where_they_lie(string model)
    {
        var graph = Plan(ModelFiles.InFolder(Corpus.PathOf("models", model, "repo")))!.Model.Graph; // it converts
        // What is not a weight is small: tables of distances, shapes, numbers.
        Assert.All(graph.Initializers, tensor => Assert.True(tensor.External is not null || tensor.Data.Length <= 1 << 16, tensor.Name));
        Assert.DoesNotContain(graph.Initializers, tensor => tensor.External is RearrangedData);
    }

    private static ConversionPlan? Plan(ModelFiles files)
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
}
