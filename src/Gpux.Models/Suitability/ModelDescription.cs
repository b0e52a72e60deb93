using System.Globalization;
using System.Text.Json;
using Gpux.Conversion;
using Gpux.Models.Pulling;
using Gpux.Registries.Store;

namespace Gpux.Models.Suitability;

/// <summary>What is known of a model before its weights are here: from the registry, its configuration and the headers of its
/// weights.</summary>
/// <param name="Plan">How it would be converted; null where <paramref name="Refusal"/> says why it is not.</param>
/// <param name="Selection">What a pull fetches, and what it leaves.</param>
public sealed record ModelDescription(ResolvedModel Resolved, ConversionPlan? Plan, GpuxException? Refusal, FileSelection Selection)
{
    private const int ConfigLimitBytes = 16 << 20;
    private static readonly string[] LengthNames = ["max_position_embeddings", "n_positions", "max_sequence_length", "seq_length", "n_ctx"];

    public ModelManifest Manifest => Resolved.Manifest;
    /// <summary>The repository's own ONNX file, where that is what runs; null otherwise.</summary>
    public string? Shipped { get; init; }
    internal string? ShippedTask { get; init; }

    public string? Task => Plan?.Task ?? ShippedTask ?? Manifest.Properties.GetValueOrDefault("pipeline_tag");
    public string? Family => Plan?.ModelType ?? ConfigText("model_type");

    /// <summary>Numbers that the model was trained to; null where nothing says.</summary>
    public long? Parameters => Plan is { } plan
        // Weights that stay in their files; constants of the graph are no parameters.
        ? plan.Model.Graph.Initializers.Where(tensor => tensor.External is not null).Sum(tensor => new Shape(tensor.Dimensions).ElementCount)
        : long.TryParse(Manifest.Properties.GetValueOrDefault("parameters"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;

    /// <summary>The precision that the weights are published in, such as "float16"; null where nothing says.</summary>
    public string? Precision => Plan?.Model.Graph.Initializers.Where(tensor => tensor.External is not null).GroupBy(tensor => tensor.ElementType)
        .MaxBy(group => group.Sum(tensor => tensor.External!.Length ?? 0))?.Key.ToString().ToLowerInvariant() // filtered
        ?? ConfigText("torch_dtype") ?? ConfigText("dtype");

    /// <summary>Tokens that an input may have; null where the model says nothing, or takes no text.</summary>
    public long? ContextLength
    {
        get
        {
            foreach (var name in LengthNames)
            {
                if (Config is { ValueKind: JsonValueKind.Object } config && config.TryGetProperty(name, out var value)
                    && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var length) && length > 0)
                    return length;
            }
            return null;
        }
    }

    /// <summary>Bytes that a pull fetches, as far as the registry says.</summary>
    public long FetchBytes => Selection.Wanted.Sum(file => file.SizeBytes ?? 0);

    /// <summary>config.json; undefined where there is none.</summary>
    public JsonElement Config { get; init; }

    /// <summary>Reads config.json; undefined where there is none or it is no object.</summary>
    public static JsonElement ReadConfig(ModelFiles configuration)
    {
        if (configuration.Find("config.json") is not { } path || new FileInfo(path).Length > ConfigLimitBytes)
            return default;
        try
        {
            using var json = StrictJson.Parse(File.ReadAllBytes(path));
            return json.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private string? ConfigText(string name) => Config.ValueKind == JsonValueKind.Object && Config.TryGetProperty(name, out var value)
        && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
