using System.Text.Json;
using Gpux.Benchmarks.Results;
using Gpux.Models.Suitability;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>What is known of a model's size and shape, from which its work and its memory are estimated.</summary>
/// <param name="Name">As the benchmark database has it.</param>
public sealed record ModelFacts(string Name)
{
    private static readonly string[] GeneratingTasks = ["text-generation", "text2text-generation", "conversational", "translation", "summarization"];

    /// <summary>Such as "bert"; null when unknown.</summary>
    public string? Family { get; init; }

    /// <summary>Such as "text-classification"; null when unknown.</summary>
    public string? Task { get; init; }

    public long? ParameterCount { get; init; }

    /// <summary>Of the weights in the precision that they are published in.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>The precision that the weights are published in, such as "fp16"; null when unknown.</summary>
    public string? Precision { get; init; }

    public int? Layers { get; init; }
    public int? HiddenSize { get; init; }
    public int? AttentionHeads { get; init; }
    public int? KeyValueHeads { get; init; }

    /// <summary>Tokens that an input may have.</summary>
    public long? ContextLength { get; init; }

    /// <summary>Operations of one input, a multiply-add counting as two, counted from the graph; null: twice the parameters for each token.</summary>
    public double? OperationsPerInput { get; init; }

    /// <summary>Tokens of the input that <see cref="OperationsPerInput"/> was counted for, above 0; null for inputs that are no text.</summary>
    public int? CountedTokens { get; init; }

    /// <summary>Precisions other than the published one whose outputs were compared with it and found good enough.</summary>
    public string CheckedPrecisions { get; init; } = "";

    /// <summary>Whether it can be run with GPUX, and so measured, as far as is known.</summary>
    public bool IsRunnable { get; init; } = true;

    /// <summary>Whether it writes text token by token, so that its throughput is tokens a second.</summary>
    public bool Generates => Task is { } task && Array.IndexOf(GeneratingTasks, task) >= 0;

    /// <summary>Keys and values that generation keeps of each token, in 16 bits: 2 layers · key-value heads · head size · 2 bytes.</summary>
    public long? CacheBytesPerToken => Layers is { } layers && HiddenSize is { } hidden && AttentionHeads is > 0 and var heads
        ? 2L * layers * (KeyValueHeads ?? heads) * (hidden / heads) * 2 : null;

    /// <summary>What the database alone knows.</summary>
    public static ModelFacts Of(BenchmarkedModel model) => new(model.Name)
    {
        Family = model.Architecture, Task = model.Task, ParameterCount = Positive(model.ParameterCount), SizeBytes = Positive(model.SizeBytes),
    };

    /// <summary>What a model's description tells, before its weights are here.</summary>
    public static ModelFacts Of(string name, ModelDescription model)
    {
        var config = model.Config;
        // Models of several parts describe their text part below.
        if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty("text_config", out var text) && text.ValueKind == JsonValueKind.Object)
            config = text;
        int? Number(params ReadOnlySpan<string> names)
        {
            foreach (var each in names)
                if (config.ValueKind == JsonValueKind.Object && config.TryGetProperty(each, out var value) && value.ValueKind == JsonValueKind.Number
                    && value.TryGetInt32(out var number) && number > 0)
                    return number;
            return null;
        }
        return new ModelFacts(name)
        {
            Family = model.Family,
            Task = model.Task,
            ParameterCount = Positive(model.Parameters),
            SizeBytes = Positive(model.Plan?.MappedBytes),
            Precision = model.Precision is { } precision ? WeightPrecisions.Canonical(precision) : null,
            Layers = Number("num_hidden_layers", "n_layer", "num_layers"),
            HiddenSize = Number("hidden_size", "n_embd", "d_model"),
            AttentionHeads = Number("num_attention_heads", "n_head", "num_heads"),
            KeyValueHeads = Number("num_key_value_heads"),
            ContextLength = model.ContextLength,
            IsRunnable = model.Refusal is null,
        };
    }

    /// <summary>These facts, and what they lack from others about the same model.</summary>
    public ModelFacts Or(ModelFacts other) => this with
    {
        Family = Family ?? other.Family,
        Task = Task ?? other.Task,
        ParameterCount = ParameterCount ?? other.ParameterCount,
        SizeBytes = SizeBytes ?? other.SizeBytes,
        Precision = Precision ?? other.Precision,
        Layers = Layers ?? other.Layers,
        HiddenSize = HiddenSize ?? other.HiddenSize,
        AttentionHeads = AttentionHeads ?? other.AttentionHeads,
        KeyValueHeads = KeyValueHeads ?? other.KeyValueHeads,
        ContextLength = ContextLength ?? other.ContextLength,
        OperationsPerInput = OperationsPerInput ?? other.OperationsPerInput,
        CountedTokens = OperationsPerInput is null ? other.CountedTokens : CountedTokens,
        CheckedPrecisions = CheckedPrecisions.Length > 0 ? CheckedPrecisions : other.CheckedPrecisions,
    };

    /// <summary>Bytes of the weights in a precision; null when nothing says how large the model is.</summary>
    /// <param name="precision">Null: as published.</param>
    public double? WeightBytes(string? precision) =>
        ParameterCount is { } count && WeightPrecisions.BytesPerWeight(precision ?? Precision) is { } bytes ? count * bytes
        : SizeBytes is { } size ? size * ((WeightPrecisions.BytesPerWeight(precision) ?? 1) / (WeightPrecisions.BytesPerWeight(precision is null ? null : Precision) ?? 1))
        : ParameterCount * 4.0;

    private static long? Positive(long? number) => number > 0 ? number : null;
}
