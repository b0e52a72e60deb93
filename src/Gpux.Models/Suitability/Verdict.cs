using Gpux.Conversion;
using Gpux.Registries;

namespace Gpux.Models.Suitability;

/// <summary>Whether a model would run here.</summary>
/// <param name="Runs">Null where what is known does not tell.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record Verdict(bool? Runs, string Reason)
{
    /// <summary>What a model's description tells.</summary>
    public static Verdict Of(ModelDescription model, IReadOnlyList<DeviceMemory> memories)
    {
        if (model.Refusal is { } refusal)
            return new Verdict(false, refusal.Message);
        var bytes = model.Plan?.MappedBytes ?? model.FetchBytes;
        return memories.Any(memory => bytes <= memory.TotalBytes)
            ? new Verdict(true, model.Shipped is { } file ? $"by the repository's own {file}" : $"the family {model.Plan?.ModelType} is built")
            : new Verdict(false, $"its weights have {bytes / 1e9:0.#} GB, the largest memory here {memories.Max(memory => memory.TotalBytes) / 1e9:0.#} GB");
    }

    /// <summary>What a search's answer alone tells, without a request.</summary>
    public static Verdict Of(FoundModel model, IReadOnlyList<DeviceMemory> memories)
    {
        if (model.Model.Registry == ModelReference.Samples)
            return new Verdict(true, "comes with gpux");
        var largest = memories.Max(memory => memory.TotalBytes);
        if (model.SizeBytes > largest)
            return new Verdict(false, $"its weights have {model.SizeBytes / 1e9:0.#} GB, the largest memory here {largest / 1e9:0.#} GB");
        if (model.ModelType is { } type)
            return Converter.Supported.Any(family => family.ModelType == type) ? new Verdict(true, $"the family {type} is built")
                : new Verdict(false, $"the family {type} is not built yet");
        return model.Library is { } library and not "transformers" and not "sentence-transformers"
            ? new Verdict(null, $"{library}: gpux info tells") : new Verdict(null, "gpux info tells");
    }
}
