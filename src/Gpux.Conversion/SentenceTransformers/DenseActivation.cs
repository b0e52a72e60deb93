using Gpux.Conversion.Blocks;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.SentenceTransformers;

/// <summary>The function that a Dense module puts its product through: any of torch.nn that is made without arguments.</summary>
/// <remarks>Source: torch 2.13, torch.nn.modules.activation; names and fallback of sentence-transformers 6.2, Dense.</remarks>
internal static class DenseActivation
{
    // Of torch.nn.SELU.
    private const float SeluAlpha = 1.6732632423543772848170429916717f, SeluScale = 1.0507009873554804934193349852946f;

    /// <param name="weights">The module's, of which some functions have some.</param>
    /// <exception cref="UnsupportedModelException">No such function.</exception>
    public static Value Apply(Value x, ModelConfig config, Weights weights)
    {
        const string Default = "torch.nn.modules.activation.Tanh";
        var name = config.Text("activation_function", Default);
        // The original does not run code of others unless told to, and takes its default instead.
        if (!name.StartsWith("torch.", StringComparison.Ordinal))
            name = Default;
        return name.Split('.')[^1] switch
        {
            "Identity" or "Dropout" => x,
            "ReLU" => x.Relu(),
            "ReLU6" => x.Clip(0, 6),
            "LeakyReLU" => Leaky(x, 0.01f),
            "RReLU" => Leaky(x, (1f / 8 + 1f / 3) / 2), // random in training, and their mean afterwards
            "PReLU" => x.Relu() - (-x).Relu() * weights["activation_function"].Get("weight"),
            "ELU" or "CELU" => x.Relu() + Below(x),
            "SELU" => (x.Relu() + Below(x) * SeluAlpha) * SeluScale,
            "GELU" => x.Gelu(),
            "SiLU" => x.Silu(),
            "Mish" => x * x.Softplus().Tanh(),
            "Sigmoid" => x.Sigmoid(),
            "LogSigmoid" => -(-x).Softplus(),
            "Tanh" => x.Tanh(),
            "Tanhshrink" => x - x.Tanh(),
            "Softplus" => x.Softplus(),
            "Softsign" => x / (x.Abs() + 1f),
            "Softshrink" => x - x.Clip(-0.5, 0.5),
            "Hardshrink" => (x.Abs() <= x.Graph.Scalar(0.5, x.Type)).Where(x.Graph.Scalar(0, x.Type), x),
            "Hardtanh" => x.Clip(-1, 1),
            "Hardsigmoid" => (x / 6f + 0.5f).Clip(0, 1),
            "Hardswish" => x * (x / 6f + 0.5f).Clip(0, 1),
            "Softmax" => x.Softmax(axis: -1),
            "Softmin" => (-x).Softmax(axis: -1),
            "LogSoftmax" => LogSoftmax(x),
            var other => throw new UnsupportedModelException($"A Dense module's activation function '{other}' is not built.",
                "Check activation_function in the module's config.json; if it is right, please report the model."),
        };
    }

    // The logarithm of a softmax is minus infinity where that rounds to 0.
    private static Value LogSoftmax(Value x)
    {
        x -= x.Max(axis: -1, keep: true);
        return x - x.Exp().Sum(axis: -1, keep: true).Log();
    }

    private static Value Leaky(Value x, float slope) => x.Relu() - (-x).Relu() * slope;

    // exp(x) - 1 for what is negative, else 0.
    private static Value Below(Value x) => x.Clip(null, 0).Exp() - 1f;
}
