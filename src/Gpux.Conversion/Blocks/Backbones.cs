using Gpux.Conversion.Architectures;
using Gpux.Onnx.Building;

namespace Gpux.Conversion.Blocks;

/// <summary>What classes that feed detectors and segmenters return: the maps of some stages.</summary>
internal static class Backbones
{
    /// <summary>The maps that config.json asks for, in the order of the stages, as feature_maps.0, .1 and so on.</summary>
    /// <param name="count">How many maps there are.</param>
    /// <param name="map">Makes the map of a stage, [B, channels, height, width], by its number and its name, "stem", "stage1" and so on.</param>
    /// <param name="first">What the first map is called; the others are numbered stages.</param>
    public static Outputs FeatureMaps(this ModelConfig json, int count, Func<int, string, Value> map, string first = "stem")
    {
        var names = new List<string> { first };
        while (names.Count < count)
            names.Add($"stage{(first == "stem" ? names.Count : names.Count + 1)}");
        var chosen = new bool[count];
        foreach (var feature in json.Texts("out_features"))
            chosen[names.IndexOf(feature) is >= 0 and var i ? i : throw json.Invalid("out_features", $"some of {string.Join(", ", names)} were expected")] = true;
        // Without names, their numbers; without either, the last stage.
        if (!json.Has("out_features"))
            foreach (var index in json.IsList("out_indices") ? json.Ints("out_indices") : [count - 1])
                chosen[index >= -count && index < count ? (index + count) % count : throw json.Invalid("out_indices", $"numbers below {count} were expected")] = true;
        var outputs = new Outputs();
        for (var i = 0; i < count; i++)
            if (chosen[i])
                outputs.Add($"feature_maps.{outputs.Count}", map(i, names[i]));
        return outputs;
    }
}
