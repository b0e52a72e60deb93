namespace Gpux.Conversion.Architectures;

/// <summary>Every architecture that GPUX builds, by model_type.</summary>
internal static class ArchitectureCatalog
{
    public static IReadOnlyList<Architecture> All { get; } =
    [
        Bert.Architecture,
        Gpt2.Architecture,
        ResNet.Architecture,
        ViT.Architecture,
    ];

    public static Architecture? Find(string modelType) => All.FirstOrDefault(architecture => architecture.ModelType == modelType);
}
