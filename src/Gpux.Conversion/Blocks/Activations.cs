using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

internal static class Activations
{
    /// <summary>Applies the function that a configuration names, with transformers' names (ACT2FN of 4.57 and 5).</summary>
    /// <exception cref="UnsupportedModelException">An unknown name.</exception>
    public static Value Apply(this Value x, string activation) => activation switch
    {
        "gelu" or "gelu_python" => x.Gelu(),
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_python_tanh" or "gelu_fast" or "gelu_accurate" => x.Gelu(tanhApproximation: true),
        "gelu_10" => x.Gelu().Clip(-10, 10),
        "quick_gelu" => x * (x * 1.702f).Sigmoid(),
        "relu" => x.Relu(),
        "relu2" => x.Relu().Power(2),
        "relu6" => x.Clip(0, 6),
        "silu" or "swish" => x.Silu(),
        "hardswish" => x.HardSwish(),
        "leaky_relu" => x.LeakyRelu(),
        "mish" => x * x.Softplus().Tanh(),
        "sqrtsoftplus" => x.Softplus().Sqrt(),
        "laplace" => ((x - 0.707107f) / (0.282095f * MathF.Sqrt(2))).Erf() * 0.5f + 0.5f,
        "sigmoid" => x.Sigmoid(),
        "tanh" => x.Tanh(),
        "linear" => x,
        _ => throw new UnsupportedModelException($"The activation function '{activation}' is not known.",
            "Check the spelling in config.json; if it is right, please report the model."),
    };

    /// <summary>log(1 + exp(x)), in a form that does not overflow.</summary>
    public static Value Softplus(this Value x) => x.Relu() + ((-x.Abs()).Exp() + 1f).Log();
}
