using System.Text.Json;
using Gpux.Benchmarks.Training;
using Gpux.Conversion;
using Gpux.Models.Suitability;

namespace Gpux.Benchmarks.Recommendations;

/// <summary>Reads the size of a model that is not converted here, and whose registry does not tell it: advice needs no more.</summary>
public static class CheckpointSize
{
    /// <summary>The facts with what they lack: from the headers of the weights, else counted from config.json, as gpux plan-training counts; unchanged where neither tells.</summary>
    /// <param name="files">Those that are here.</param>
    public static ModelFacts WithSizeOf(this ModelFacts facts, ModelDescription description, ModelFiles files)
    {
        var known = facts with { Task = facts.Task ?? TaskOf(description.Config) };
        return known.ParameterCount is not null ? known : FromHeaders(known, files) ?? FromConfig(known, description);
    }

    private static ModelFacts? FromHeaders(ModelFacts facts, ModelFiles files)
    {
        try
        {
            var tensors = WeightFiles.ReadHeaders(files).Tensors.Values;
            var parameters = tensors.Sum(tensor => (double)tensor.Shape.ElementCount);
            if (parameters is not (> 0 and <= TrainingModel.MostParameters))
                return null;
            var most = tensors.GroupBy(tensor => tensor.ElementType).MaxBy(type => type.Sum(tensor => (double)tensor.Shape.ElementCount))!.Key; // there are some
            return facts with
            {
                ParameterCount = (long)parameters,
                SizeBytes = facts.SizeBytes ?? (long)tensors.Sum(tensor => (double)tensor.ByteCount),
                Precision = facts.Precision ?? WeightPrecisions.Canonical(most.ToString()),
            };
        }
        catch (Exception exception) when (exception is GpuxException or IOException or UnauthorizedAccessException or OverflowException)
        {
            // None that are read: its config may say enough.
            return null;
        }
    }

    private static ModelFacts FromConfig(ModelFacts facts, ModelDescription description)
    {
        try
        {
            return facts with { ParameterCount = (long)TrainingModel.Of(description).Parameters };
        }
        catch (GpuxException)
        {
            return facts;
        }
    }

    // What the class of a language model is called, in transformers since its beginning.
    private static string? TaskOf(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object || !config.TryGetProperty("architectures", out var classes) || classes.ValueKind != JsonValueKind.Array)
            return null;
        foreach (var name in classes.EnumerateArray())
            if (name.ValueKind == JsonValueKind.String && name.GetString() is { } text && (text.EndsWith("ForCausalLM", StringComparison.Ordinal) || text.EndsWith("LMHeadModel", StringComparison.Ordinal)))
                return "text-generation";
        return null;
    }
}
