using Gpux.Runtime.Audio;

namespace Gpux.Runtime.Pipelines;

/// <summary>What tasks that hear have in common.</summary>
public static class SoundInputs
{
    /// <summary>Whether a task takes sounds, whatever its model.</summary>
    public static bool Has(string task) => task is "automatic-speech-recognition" or "audio-classification" or "zero-shot-audio-classification";

    /// <summary>Whether a pipeline takes sounds; of feature-extraction the model decides.</summary>
    public static bool Has(Pipeline pipeline)
    {
        if (Has(pipeline.Task))
            return true;
        var (hears, reads) = (false, false);
        foreach (var input in pipeline.Model.Session.Inputs)
        {
            hears |= input.Name is "input_values" or "input_features";
            reads |= input.Name == "input_ids";
        }
        return pipeline.Task == "feature-extraction" && hears && !reads;
    }

    /// <exception cref="PipelineInputException">The input is no sound.</exception>
    internal static Waveform Require(PipelineInput input, string task) => input.Sound ?? throw new PipelineInputException(
        $"The task {task} takes a sound.", "Give the path of a sound file: gpux run MODEL speech.wav.");

    /// <summary>The inputs of a model for a sound; what it does not take is left out when it runs.</summary>
    /// <param name="notes">Takes a sentence if not all of the sound is heard.</param>
    internal static Dictionary<string, Tensor> Of(PipelineModel model, Waveform sound, List<string> notes)
    {
        var features = model.Sounds.Extract([sound]);
        if (features.WasCut)
            notes.Add("The sound was cut to the length that the model takes.");
        var inputs = new Dictionary<string, Tensor>(features.Tensors);
        foreach (var input in model.Session.Inputs)
            if (inputs.TryGetValue(input.Name, out var tensor))
                inputs[input.Name] = As(tensor, input.ElementType);
        return inputs;
    }

    // Models that others exported may take masks of another type, and are else refused by the session.
    private static Tensor As(Tensor tensor, ElementType type)
    {
        if (tensor.ElementType != ElementType.Int64 || type is not (ElementType.Int32 or ElementType.Bool or ElementType.Float32))
            return tensor;
        var marks = tensor.AsSpan<long>();
        var converted = Tensor.Uninitialized(type, tensor.Shape);
        for (var i = 0; i < marks.Length; i++)
        {
            if (type == ElementType.Int32)
                converted.AsSpan<int>()[i] = (int)marks[i];
            else if (type == ElementType.Float32)
                converted.AsSpan<float>()[i] = marks[i];
            else
                converted.Bytes[i] = (byte)marks[i];
        }
        return converted;
    }
}
