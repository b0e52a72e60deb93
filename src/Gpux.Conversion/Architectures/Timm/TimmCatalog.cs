using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>What a model of timm computes.</summary>
/// <param name="Features">What forward_features returns.</param>
/// <param name="Pooled">What the classifier is given: [B, width], or what was not pooled.</param>
/// <param name="Classifier">The module of the classifier's weights.</param>
/// <param name="Logits">Where the classes are not a projection of what was pooled.</param>
internal sealed record TimmOutputs(Value Features, Value Pooled, string Classifier, Func<Value>? Logits = null);

/// <summary>Models of timm that one file builds.</summary>
/// <param name="Entries">The names that timm's create_model knows them by, between spaces.</param>
internal sealed record TimmFamily(string Entries, Func<GraphBuilder, TimmArguments, Weights, TimmOutputs> Build)
{
    public IEnumerable<string> Names => Entries.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Every family of timm that is built.</summary>
internal static class TimmCatalog
{
    public static IReadOnlyList<TimmFamily> All { get; } =
    [
        ResNet.Family,
        EfficientNet.Family,
        VisionTransformer.Family,
        RelativeVisionTransformer.Family,
        ConvNeXt.Family,
        SwinTransformer.Family,
        Beit.Family,
        Eva.Family,
        RegNet.Family,
        ByobNet.Family,
        MambaOut.Family,
    ];

    /// <exception cref="UnsupportedModelException">No family has an entry of that name; says which is the nearest.</exception>
    public static TimmFamily Find(string entry)
    {
        foreach (var family in All)
            foreach (var range in family.Entries.AsSpan().SplitAny(' ', '\n'))
                if (family.Entries.AsSpan(range).SequenceEqual(entry))
                    return family;
        var nearest = All.SelectMany(family => family.Names)
            .OrderByDescending(known => CommonLetters(known, entry)).Take(3);
        throw new UnsupportedModelException($"timm's architecture '{entry}' is not built.",
            $"The nearest that are built: {string.Join(", ", nearest)}. Take a model of one of them, such as one for the same task.");
    }

    // What two names share at their beginnings counts most, then how long the rest is.
    private static int CommonLetters(string known, string entry)
    {
        var common = known.AsSpan().CommonPrefixLength(entry);
        return 100 * common - Math.Abs(known.Length - entry.Length);
    }
}
