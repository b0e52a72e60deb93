namespace Gpux.Runtime.Audio;

/// <summary>A batch of sounds as a model takes it.</summary>
/// <param name="Tensors">By the name of the model's input, such as input_values: float32 [batch, samples], or input_features: float32
/// [batch, frames, bands]; masks are int64.</param>
/// <param name="WasCut">Whether a sound was longer than the model takes, and its end or its middle were left out.</param>
public sealed record AudioFeatures(IReadOnlyDictionary<string, Tensor> Tensors, bool WasCut = false)
{
    public Tensor this[string name] => Tensors[name];
}
