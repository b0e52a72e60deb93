using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>How alike each sentence is to the source, by the model's own measure.</summary>
public sealed record Similarities(IReadOnlyList<string> Sentences, IReadOnlyList<float> Values) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var value in Values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}

/// <summary>The embedding of a text, or how alike it is to other texts.</summary>
/// <remarks>Source: sentence-transformers 6.2: prompts, max_seq_length and similarity_fn_name of the repository. Pooling and
/// normalisation are part of the converted model.</remarks>
internal sealed class SentenceSimilarityPipeline : Pipeline
{
    private readonly JsonElement _settings;
    private readonly int? _longest;
    private readonly bool _lowersCase;

    public SentenceSimilarityPipeline(PipelineModel model) : base(model)
    {
        _settings = PipelineModel.ReadJson(model.Files, "config_sentence_transformers.json");
        var transformer = PipelineModel.ReadJson(model.Files, "sentence_bert_config.json");
        if (transformer.ValueKind == JsonValueKind.Undefined)
            transformer = PipelineModel.ReadJson(model.Files, "0_Transformer/sentence_bert_config.json");
        if (transformer.ValueKind != JsonValueKind.Object)
            return;
        _longest = transformer.TryGetProperty("max_seq_length", out var length)
            && length.ValueKind == JsonValueKind.Number && length.TryGetInt32(out var number) && number > 0 ? number : null;
        _lowersCase = transformer.TryGetProperty("do_lower_case", out var lower) && lower.ValueKind == JsonValueKind.True;
    }

    public override string Task => "sentence-similarity";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "prompt_name", "prompt", "similarity_fn_name");
        var notes = new List<string>();
        var source = Embed(input, arguments, notes, cancellationToken);
        if (input.Sentences is not { Count: > 0 } sentences)
            return new Features(Tensor.Of<float>(source, new Shape(source.Length))) { Notes = notes };
        var measure = arguments.Text("similarity_fn_name") ?? Setting("similarity_fn_name") ?? "cosine";
        var values = new float[sentences.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Similarity(measure, source, Embed(PipelineInput.Of(sentences[i]), arguments, notes, cancellationToken), arguments);
        return new Similarities(sentences, values) { Notes = notes };
    }

    private float[] Embed(PipelineInput input, PipelineArguments arguments, List<string> notes, CancellationToken cancellationToken)
    {
        var text = PythonText.Strip(Prompt(arguments) + input.RequireText(Task));
        var prepared = input with { Text = _lowersCase ? text.ToLowerInvariant() : text };
        // The repository's length takes the place of the tokenizer's, but there are no more positions than the model has.
        var encoding = Model.Encode(prepared, Task, arguments, notes,
            _longest is null ? null : new Truncation { MaxLength = PipelineModel.Least(_longest, Model.MaxPositions) });
        using var outputs = Model.Run([encoding], cancellationToken);
        return Model.Finite(outputs, "sentence_embedding").AsSpan<float>().ToArray();
    }

    private string? Prompt(PipelineArguments arguments)
    {
        if (arguments.Text("prompt") is { } prompt)
            return prompt;
        if ((arguments.Text("prompt_name") ?? Setting("default_prompt_name")) is not { } name)
            return null;
        if (_settings.ValueKind == JsonValueKind.Object && _settings.TryGetProperty("prompts", out var prompts) && prompts.ValueKind == JsonValueKind.Object)
        {
            if (prompts.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String)
                return text.GetString();
            throw new PipelineArgumentException("prompt_name", $"{Model.Name} has no prompt '{name}'.",
                $"It has: {string.Join(", ", prompts.EnumerateObject().Select(entry => entry.Name))}.");
        }
        throw new PipelineArgumentException("prompt_name", $"{Model.Name} has no prompts.", "Leave 'prompt_name' out, or give the text as 'prompt'.");
    }

    private string? Setting(string name) => _settings.ValueKind == JsonValueKind.Object
        && _settings.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static float Similarity(string measure, float[] a, float[] b, PipelineArguments arguments)
    {
        double dot = 0, squaresA = 0, squaresB = 0, squaredDistance = 0, distance = 0;
        for (var i = 0; i < a.Length; i++)
        {
            dot += (double)a[i] * b[i];
            squaresA += (double)a[i] * a[i];
            squaresB += (double)b[i] * b[i];
            squaredDistance += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
            distance += Math.Abs((double)a[i] - b[i]);
        }
        return (float)(measure switch
        {
            "cosine" => dot / Math.Max(Math.Sqrt(squaresA) * Math.Sqrt(squaresB), 1e-12),
            "dot" or "dot_product" => dot,
            "euclidean" => -Math.Sqrt(squaredDistance),
            "manhattan" => -distance,
            _ => throw arguments.Unfit("similarity_fn_name", "cosine, dot, euclidean or manhattan was expected"),
        });
    }
}
