using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Torchvision;

/// <param name="Name">The function of torchvision that builds the model, such as "resnet18".</param>
/// <param name="Config">What is known besides: "file", and "arguments" that the entry is called with.</param>
internal sealed record TorchvisionEntry(string Name, ModelConfig Config)
{
    /// <summary>Arguments over the entry's own.</summary>
    public ModelConfig Arguments { get; } = Config.Section("arguments");

    /// <summary>The name of the weights' file.</summary>
    public string File => Config.Text("file", "");

    /// <summary>Images of any size: float [B, 3, height, width].</summary>
    public static Value Images(GraphBuilder graph) => graph.Input("pixel_values", ElementType.Float32, "batch_size", 3, "height", "width");
}

/// <summary>Entries of torchvision that one file builds.</summary>
/// <param name="Entries">Their names, between spaces.</param>
internal sealed record TorchvisionFamily(string Entries, string Task, Func<GraphBuilder, TorchvisionEntry, Weights, Value> Build)
{
    public IEnumerable<string> Names => Entries.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Every family of torchvision that is built.</summary>
internal static class TorchvisionCatalog
{
    public static IReadOnlyList<TorchvisionFamily> All { get; } =
    [
        ResNet.Family,
        Vgg.Family,
        Vgg.AlexNet,
        SqueezeNet.Family,
        DenseNet.Family,
        ShuffleNet.Family,
        MnasNet.Family,
        GoogLeNet.Family,
        InceptionV3.Family,
        MobileNet.V2,
        MobileNet.V3,
        EfficientNet.Family,
        ConvNeXt.Family,
        RegNet.Family,
        VisionTransformer.Family,
        SwinTransformer.Family,
        Segmentation.Fcn,
        Segmentation.DeepLab,
        Segmentation.Lraspp,
    ];

    /// <summary>The entry that a file is named after, as publishers do: the entry, perhaps whose recipe made the weights, and the beginning of
    /// the file's digest. The longest name that fits.</summary>
    public static string? EntryOf(string file)
    {
        // Three families have other names there.
        var name = Path.GetFileName(file).Replace('.', '_').Replace("shufflenetv2_x1-", "shufflenet_v2_x1_0-").Replace("shufflenetv2", "shufflenet_v2");
        string? found = null;
        foreach (var family in All)
            foreach (var entry in family.Names)
                if (entry.Length > (found?.Length ?? 0) && name.StartsWith(entry, StringComparison.Ordinal) && name.Length > entry.Length && name[entry.Length] is '-' or '_'
                    && (name[entry.Length] == '-' || IsRecipe(name.AsSpan(entry.Length + 1))))
                    found = entry;
        return found;
    }

    // What stands between an entry and the digest; "_" alone also parts what is another entry, such as "_bn".
    private static bool IsRecipe(ReadOnlySpan<char> rest)
    {
        foreach (var recipe in (ReadOnlySpan<string>)["coco", "rwightman", "lukemelas", "google", "swag", "lc_swag", "top1", "pth", "pt"])
            if (rest.StartsWith(recipe))
                return true;
        return false;
    }
}
