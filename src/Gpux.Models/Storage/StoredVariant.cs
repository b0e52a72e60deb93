using Gpux.Conversion.Precision;
using Gpux.Models.Precision;
using Gpux.Onnx.Building;
using Gpux.Registries.Store;

namespace Gpux.Models.Storage;

public enum VariantState
{
    Usable,

    /// <summary>Weights that its graph points into are gone, or have another size.</summary>
    WithoutWeights,

    /// <summary>Made by another version of the converter: this one makes its own.</summary>
    OfOtherVersion,

    /// <summary>A process died while it was made.</summary>
    Unfinished,
}

/// <summary>A folder that a conversion made of a stored model.</summary>
/// <param name="Variant">Null unless it is complete.</param>
public sealed record StoredVariant(StoredModel Model, string Folder, Variant? Variant, VariantState State)
{
    // target-hash, as ModelLibrary names variants; a dot and a random name behind it until a variant is complete.
    private const int HashLength = 8;

    /// <summary>Its target: "cpu" or "portable".</summary>
    public string Target { get; } = Path.GetFileName(Folder).Split('-')[0];

    /// <summary>Its target and, where it is not the published one, its precision with what that costs: "cpu int8 (cosine 0.9987)".</summary>
    public string Title => Variant is not { Precision: not WeightPrecision.Float32 and var precision } ? Target
        : PrecisionProof.Read(Folder) is not { } proof ? $"{Target} {PrecisionNames.Of(precision)}"
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Target} {PrecisionNames.Of(precision)} (cosine {proof.Cosine:0.####})");

    /// <summary>What it was made with.</summary>
    public PrepareOptions Options(Lookup lookup)
    {
        var target = Enum.Parse<GraphTarget>(Target, ignoreCase: true);
        var isOfClass = Variant?.ClassName is { } name && Path.GetFileName(Folder) == ModelLibrary.VariantName(target, name, Variant.WeightsChoice, Variant.Precision);
        return new PrepareOptions(lookup, target, isOfClass ? Variant!.ClassName : null) { Precision = Variant?.Precision ?? default }; // isOfClass: there is a variant
    }

    /// <summary>The variants of a stored model, whatever state they are in.</summary>
    public static IReadOnlyList<StoredVariant> Of(StoredModel model)
    {
        var variants = new List<StoredVariant>();
        foreach (var folder in Directory.Exists(model.Folder) ? Directory.GetDirectories(model.Folder) : [])
        {
            var name = Path.GetFileName(folder);
            if (TargetOf(name) is not { } target)
                continue;
            if (name.Contains('.'))
            {
                variants.Add(new StoredVariant(model, folder, Variant: null, VariantState.Unfinished));
                continue;
            }
            if (!File.Exists(Path.Combine(folder, Variant.DescriptionFile)))
                continue;
            var variant = Variant.Read(folder);
            var state = variant is null ? VariantState.WithoutWeights
                : name == ModelLibrary.VariantName(target, className: null, variant.WeightsChoice, variant.Precision) || name == ModelLibrary.VariantName(target, variant.ClassName, variant.WeightsChoice, variant.Precision)
                    ? VariantState.Usable : VariantState.OfOtherVersion;
            variants.Add(new StoredVariant(model, folder, variant, state));
        }
        variants.Sort((left, right) => string.CompareOrdinal(left.Folder, right.Folder));
        return variants;
    }

    private static GraphTarget? TargetOf(string folder)
    {
        var dash = folder.IndexOf('-', StringComparison.Ordinal);
        return dash > 0 && Enum.TryParse<GraphTarget>(folder[..dash], ignoreCase: true, out var target) && Enum.IsDefined(target)
            && folder[(dash + 1)..].Split('.')[0] is { Length: HashLength } hash && hash.All(char.IsAsciiHexDigitLower) ? target : null;
    }
}
