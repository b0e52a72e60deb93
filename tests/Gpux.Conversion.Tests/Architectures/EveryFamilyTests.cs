using System.Text.Json.Nodes;

namespace Gpux.Conversion.Tests.Architectures;

/// <summary>What holds of every family, judged by one recorded model of each.</summary>
public sealed class EveryFamilyTests
{
    public static TheoryData<string> Models => RecordedModels.Families();

    [Theory]
    [MemberData(nameof(Models))]
    public void Damaged_configurations_are_refused_by_name_or_convert(string model)
    {
        using var copy = new RepositoryCopy(model);
        JsonNode?[] wrong = [-1, 0, 3, 1_000_000_000, 1e300, 0.5, "x", true, new JsonArray(1, "x"), new JsonArray(0, 0), new JsonArray(70_000, 1_000_000_000), new JsonObject()];
        var random = new Random(20261121);
        var (tried, refused) = (0, 0);
        foreach (var section in RecordedModels.Sections(copy.Config).Select(section => section.GetPath()).ToArray())
        {
            foreach (var field in RecordedModels.At(copy.Config, section).Select(field => field.Key).ToArray())
            {
                foreach (var value in random.GetItems(wrong, 2))
                {
                    copy.Write(config => RecordedModels.At(config, section)[field] = value?.DeepClone());
                    refused += RecordedModels.Plan(copy.Folder) is null ? 1 : 0; // anything but a typed error fails here
                    tried++;
                }
            }
        }
        Assert.InRange(refused, 1, tried);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void What_depends_on_weights_alone_is_not_left_to_every_run(string model)
    {
        var graph = RecordedModels.Plan(RecordedModels.Repository(model))!.Model.Graph; // of those that are not refused
        var constants = graph.Initializers.Select(tensor => tensor.Name).Append("").ToHashSet();
        foreach (var node in graph.Nodes.Where(node => node.Inputs.Count > 0 && node.Inputs.TrueForAll(constants.Contains)))
        {
            Assert.True(node.Domain.Length == 0, $"ONNX Runtime folds operators of ai.onnx, and not {node.Domain}.{node.OpType} ({node.Name}).");
            constants.UnionWith(node.Outputs);
        }
    }

    /// <summary>Those whose layers config.json counts.</summary>
    public static TheoryData<string> Layered => RecordedModels.Families(["input_ids", "input_values", "input_features"], "pixel_values");

    [Theory]
    [MemberData(nameof(Layered))]
    public void A_tensor_that_nothing_reads_is_refused(string model)
    {
        using var copy = new RepositoryCopy(model);
        copy.Write(config =>
        {
            foreach (var section in RecordedModels.Sections(config).ToArray())
            {
                foreach (var field in (ReadOnlySpan<string>)["num_hidden_layers", "n_layers", "n_layer", "encoder_layers", "num_residual_layers", "n_codebooks"])
                    section[field] = 0;
                if (section["depths"] is JsonArray depths)
                    section["depths"] = new JsonArray([.. depths.Select(_ => (JsonNode)0)]);
            }
        });
        // The tensors of all layers are left over.
        Assert.ThrowsAny<GpuxException>(() => Converter.Plan(copy.Folder, new ConversionOptions()));
    }
}
