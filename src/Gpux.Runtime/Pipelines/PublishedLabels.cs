using System.Text.Json;
using Gpux.Runtime.Sessions;

namespace Gpux.Runtime.Pipelines;

/// <summary>Names of classes that models of timm and torchvision do not state: they are those of the data set that the weights were made with.</summary>
/// <remarks>Source: torchvision 0.20, models/_meta.py.</remarks>
internal static class PublishedLabels
{
    private const int ImageNetClasses = 1000;

    // Of the segments of Pascal VOC.
    private const string Voc = "__background__,aeroplane,bicycle,bird,boat,bottle,bus,car,cat,chair,cow,diningtable,dog,horse,motorbike,person,pottedplant,sheep,sofa,train,tvmonitor";
    private const int VocClasses = 21;

    /// <summary>The names by the number of classes; empty for a model of another library, or of another data set.</summary>
    public static string[] Of(ModelFiles files, InferenceSession session, JsonElement config)
    {
        var isTimm = config.ValueKind == JsonValueKind.Object && config.TryGetProperty("architecture", out _);
        if (isTimm && Stated(config) is { } stated)
            return stated;
        if (!isTimm && StateDict.FileOf(files) is null)
            return [];
        foreach (var output in session.Outputs)
        {
            if (output.Name == "logits" && output.Dimensions is { Length: > 1 } dimensions)
                return dimensions[1].Size switch
                {
                    ImageNetClasses when dimensions.Length == 2 => ImageNet(),
                    VocClasses when dimensions.Length == 4 => Voc.Split(','),
                    _ => [],
                };
        }
        return [];
    }

    // A model that was tuned names its classes in a list.
    private static string[]? Stated(JsonElement config)
    {
        if (!config.TryGetProperty("label_names", out var names)
            && !(config.TryGetProperty("pretrained_cfg", out var weights) && weights.ValueKind == JsonValueKind.Object && weights.TryGetProperty("label_names", out names)))
            return null;
        return names.ValueKind != JsonValueKind.Array ? null
            : [.. names.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString()! : name.GetRawText())]; // a string
    }

    private static string[] ImageNet()
    {
        using var stream = typeof(PublishedLabels).Assembly.GetManifestResourceStream("imagenet-1k.txt")!; // a part of this library
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
