using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>What a sentence-transformers repository does to texts before its model sees them, and how it compares embeddings.</summary>
/// <remarks>Source: sentence-transformers 6.2: prompts, default_prompt_name and similarity_fn_name of config_sentence_transformers.json;
/// max_seq_length and do_lower_case of the transformer's own file, whose name was of the model's family once.</remarks>
internal sealed class SentenceSettings
{
    private static readonly string[] TransformerFiles =
    [
        "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json", "sentence_xlm-roberta_config.json", "sentence_xlnet_config.json",
    ];

    // What encode_query and encode_document of the original look for.
    private static readonly string[] QueryPrompts = ["query"], DocumentPrompts = ["document", "passage", "corpus"];

    private readonly string _model;
    private readonly JsonElement _settings;
    private readonly bool _lowersCase;

    private SentenceSettings(string model, JsonElement settings, JsonElement transformer)
    {
        (_model, _settings) = (model, settings);
        if (transformer.ValueKind != JsonValueKind.Object)
            return;
        LongestTokens = transformer.TryGetProperty("max_seq_length", out var length)
            && length.ValueKind == JsonValueKind.Number && length.TryGetInt32(out var number) && number > 0 ? number : null;
        _lowersCase = transformer.TryGetProperty("do_lower_case", out var lower) && lower.ValueKind == JsonValueKind.True;
    }

    /// <summary>The most tokens of a text; null for as many as tokenizer and model take.</summary>
    public int? LongestTokens { get; }

    /// <summary>The name of the measure that the model was trained for. Default: cosine.</summary>
    public string Similarity => Text(_settings, "similarity_fn_name") ?? "cosine";

    /// <summary>The name of the prompt for what is searched for; null if the model has none.</summary>
    public string? QueryPrompt => Array.Find(QueryPrompts, Has);

    /// <summary>The name of the prompt for what is searched in; null if the model has none.</summary>
    public string? DocumentPrompt => Array.Find(DocumentPrompts, Has);

    public static SentenceSettings Load(PipelineModel model)
    {
        var settings = PipelineModel.ReadJson(model.Files, "config_sentence_transformers.json");
        foreach (var folder in (ReadOnlySpan<string>)["", "0_Transformer/"])
            foreach (var name in TransformerFiles)
                if (model.Files.Find(folder + name) is not null)
                    return new SentenceSettings(model.Name, settings, PipelineModel.ReadJson(model.Files, folder + name));
        return new SentenceSettings(model.Name, settings, default);
    }

    /// <summary>A text as it is tokenized.</summary>
    /// <remarks>Versions before 5.4 took the space around it away as well.</remarks>
    public string Prepare(string text) => _lowersCase ? text.ToLowerInvariant() : text;

    /// <summary>What is put before texts: a prompt of the caller, or one of the model's by its name; null for nothing.</summary>
    /// <exception cref="PipelineArgumentException">The model has no prompt of this name.</exception>
    public string? Prompt(PipelineArguments arguments)
    {
        if (arguments.Text("prompt") is { } prompt)
            return prompt;
        if ((arguments.Text("prompt_name") ?? Text(_settings, "default_prompt_name")) is not { } name)
            return null;
        if (Prompts.ValueKind != JsonValueKind.Object)
            throw new PipelineArgumentException("prompt_name", $"{_model} has no prompts.", "Leave 'prompt_name' out, or give the text as 'prompt'.");
        return Text(Prompts, name) ?? throw new PipelineArgumentException("prompt_name", $"{_model} has no prompt '{name}'.",
            $"It has: {string.Join(", ", Prompts.EnumerateObject().Select(entry => entry.Name))}.");
    }

    private JsonElement Prompts => _settings.ValueKind == JsonValueKind.Object && _settings.TryGetProperty("prompts", out var prompts) ? prompts : default;

    private bool Has(string prompt) => Text(Prompts, prompt) is not null;

    private static string? Text(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object
        && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
