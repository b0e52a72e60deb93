namespace Gpux.Models.Pulling;

/// <summary>A format that weights are published in.</summary>
/// <param name="Name">For people.</param>
/// <param name="Endings">Of its files' names, in lower case.</param>
internal sealed record WeightFormat(string Name, params IReadOnlyList<string> Endings)
{
    // In the order of preference where a repository has several.
    public static IReadOnlyList<WeightFormat> All { get; } =
    [
        new("safetensors", ".safetensors"),
        new("PyTorch", ".bin", ".pth", ".pt", ".ckpt", ".pt2"),
        new("ONNX", ".onnx", ".onnx_data", ".onnx.data"),
        new("GGUF", ".gguf"),
        new("Keras", ".keras", ".h5", ".hdf5"),
        new("TensorFlow", ".pb", ".data-00000-of-00001", ".index"),
        new("TensorFlow Lite", ".tflite"),
        new("Flax", ".msgpack"),
        new("Core ML", ".mlmodel", ".mlpackage"),
        new("rust_model", ".ot"),
        new("PaddlePaddle", ".pdparams"),
        new("llamafile", ".llamafile"),
    ];

    private static readonly string[] ForeignFolders = ["onnx/", "openvino/", "coreml/", "original/", "runs/", "checkpoint-", "flax/", "tf/"];

    // Names that stand for a reduced copy where the plain one is there too.
    private static readonly string[] Reduced =
        ["fp16", "bf16", "float16", "int8", "uint8", "int4", "8bit", "4bit", "bnb4", "q4", "q4f16", "q8", "quantized", "qint8", "quint8", "non_ema", "consolidated", "merged"];

    // What a laptop holds and most people take, before smaller and larger ones.
    private static readonly string[] Quantisations = ["q4_k_m", "q4_k_s", "q4_0", "q5_k_m", "q5_0", "q8_0", "q6_k", "q3_k_m", "f16", "bf16", "f32"];

    public static WeightFormat? Of(string path) =>
        All.FirstOrDefault(format => format.Endings.Any(ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase))
            && !IsNoWeights(path));

    /// <summary>Whether the file stands in a folder of copies for other programs.</summary>
    public static bool IsForeign(string path) =>
        ForeignFolders.Any(folder => path.StartsWith(folder, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a file that is no weight file belongs to this format all the same.</summary>
    public bool Owns(string path) => Name == "TensorFlow"
        && (path.StartsWith("variables/", StringComparison.Ordinal) || path.StartsWith("assets/", StringComparison.Ordinal));

    /// <summary>What names have in common that are parts of one variant: the name without the numbers of its shards.</summary>
    public string VariantOf(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..].ToLowerInvariant();
        foreach (var ending in Endings.OrderByDescending(ending => ending.Length))
        {
            if (name.EndsWith(ending, StringComparison.Ordinal))
            {
                name = name[..^ending.Length];
                break;
            }
        }
        // model-00001-of-00003, and the "model.onnx_data_1" of large exports
        var of = name.LastIndexOf("-of-", StringComparison.Ordinal);
        if (of > 0 && name[(of + 4)..].All(char.IsAsciiDigit) && name.LastIndexOf('-', of - 1) is var dash and > 0)
            name = name[..dash];
        return name;
    }

    /// <summary>Lower is better.</summary>
    public int Rank(string variant)
    {
        if (Name == "GGUF")
        {
            var at = Array.FindIndex(Quantisations, quantisation => variant.Contains(quantisation, StringComparison.Ordinal));
            return IsCompanion(variant) ? int.MaxValue : at < 0 ? Quantisations.Length : at;
        }
        return Reduced.Any(word => variant.Split('.', '_', '-').Contains(word)) || Reduced.Any(word => variant.EndsWith($"_{word}", StringComparison.Ordinal)) ? 1 : 0;
    }

    /// <summary>Whether a variant is no copy of the weights but a part of the model beside them: what makes pictures into
    /// tokens, an encoder with its decoder.</summary>
    public bool IsCompanion(string variant) => Name switch
    {
        "GGUF" => variant.Contains("mmproj", StringComparison.Ordinal),
        "TensorFlow" or "Keras" => true,
        "ONNX" => Rank(variant) == 0 && !variant.EndsWith("_with_past_model", StringComparison.Ordinal),
        // Several plain names side by side are several models' parts.
        _ => Rank(variant) == 0 && variant is not ("model" or "pytorch_model"),
    };

    // State of a training run.
    private static bool IsNoWeights(string path)
    {
        var name = path[(path.LastIndexOf('/') + 1)..].ToLowerInvariant();
        return name is "training_args.bin" or "optimizer.bin" or "optimizer.pt" or "scheduler.pt" or "scaler.pt" or "rng_state.pth" or "random_states_0.pkl";
    }
}
