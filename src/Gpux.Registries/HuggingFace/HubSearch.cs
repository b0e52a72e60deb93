using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gpux.Registries.HuggingFace;

/// <summary>Questions to the Hub's list of models, and what its answers say.</summary>
/// <remarks>Source: GET /api/models, <see href="https://huggingface.co/docs/hub/api"/>.</remarks>
internal static class HubSearch
{
    // Exactly what is read below: whole infos are fifty times as long.
    private static readonly string[] Properties =
        ["pipeline_tag", "library_name", "downloads", "likes", "tags", "config", "safetensors", "gguf", "gated", "lastModified", "cardData"];

    /// <summary>The first page's path below the endpoint.</summary>
    /// <param name="pageSize">Models a page.</param>
    public static string Path(ModelSearch search, int pageSize)
    {
        var path = new StringBuilder("api/models?sort=downloads&direction=-1&limit=").Append(pageSize.ToString(CultureInfo.InvariantCulture));
        foreach (var word in search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            Add("search", word);
        if (search.Task is { } task)
            Add("pipeline_tag", task);
        if (search.Licence is { } licence)
            Add("filter", $"license:{licence.ToLowerInvariant()}");
        foreach (var property in Properties)
            Add("expand", property);
        return path.ToString();

        void Add(string name, string value) => path.Append('&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }

    /// <summary>Reads a page of the list; entries without a legal name are left out.</summary>
    /// <exception cref="FormatException">Not a list of models.</exception>
    public static IEnumerable<FoundModel> Read(JsonElement page)
    {
        if (page.ValueKind != JsonValueKind.Array)
            throw new FormatException("the answer lists no models.");
        foreach (var entry in page.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object && HubModelInfo.Text(entry, "id") is { } id && ModelReference.HubIdProblem(id) is null)
                yield return ReadOne(id, entry);
        }
    }

    private static FoundModel ReadOne(string id, JsonElement entry)
    {
        var tags = HubModelInfo.List(entry, "tags");
        var (config, card) = (Member(entry, "config"), Member(entry, "cardData"));
        var parameters = Number(Member(entry, "safetensors"), "total") ?? Number(Member(entry, "gguf"), "total");
        return new FoundModel(new ModelReference(ModelReference.HuggingFace, id))
        {
            Task = HubModelInfo.Text(entry, "pipeline_tag"),
            Licence = HubModelInfo.Text(card, "license")
                ?? tags.Find(tag => tag.StartsWith("license:", StringComparison.Ordinal))?["license:".Length..],
            Library = HubModelInfo.Text(entry, "library_name") ?? tags.Find(tag => tag is "onnx" or "gguf" or "transformers"),
            ModelType = HubModelInfo.Text(config, "model_type"),
            Parameters = parameters,
            SizeBytes = WeightBytes(Member(Member(entry, "safetensors"), "parameters")),
            Downloads = Number(entry, "downloads"),
            Likes = Number(entry, "likes"),
            IsGated = HubModelInfo.Text(entry, "gated") is not (null or "false"),
            UpdatedAt = DateTimeOffset.TryParse(HubModelInfo.Text(entry, "lastModified"), CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out var time) ? time : null,
        };
    }

    // {"F32": 137022720, "I64": 512}
    private static long? WeightBytes(JsonElement parameters)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
            return null;
        double bits = 0;
        foreach (var type in parameters.EnumerateObject())
        {
            if (!type.Value.TryGetInt64(out var count) || count < 0)
                return null;
            bits += (double)count * (type.Name switch
            {
                "F64" or "I64" or "U64" => 64,
                "F32" or "I32" or "U32" => 32,
                "F16" or "BF16" or "I16" or "U16" => 16,
                "F4" or "F6_E2M3" or "F6_E3M2" => 6,
                _ => 8,
            });
        }
        return bits is > 0 and < 8e18 ? (long)(bits / 8) : null;
    }

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    private static long? Number(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
        && value.TryGetInt64(out var number) && number >= 0 ? number : null;
}
