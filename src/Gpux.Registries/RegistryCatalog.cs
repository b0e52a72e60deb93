using Gpux.Registries.HuggingFace;
using Gpux.Registries.Local;
using Gpux.Registries.Samples;
using Gpux.Registries.Store;

namespace Gpux.Registries;

/// <summary>All registries, a line each.</summary>
public static class RegistryCatalog
{
    /// <summary>Those that come with the program.</summary>
    public static IReadOnlyList<RegistryEntry> All { get; } =
    [
        new(ModelReference.HuggingFace, "Hugging Face Hub", e => new HuggingFaceRegistry(e))
        {
            Files = HubCache.Open, TokenVariables = [HubSettings.TokenVariable, HubSettings.FormerTokenVariable], Example = "org/name, org/name@revision or hf:name",
        },
        new(ModelReference.Samples, "Models that come with GPUX", e => new SamplesRegistry(e)) { IsOnThisMachine = true, Example = "samples/language-id" },
        new(ModelReference.Local, "Folders and files", _ => new LocalRegistry()) { IsOnThisMachine = true, Files = FilesInPlace.Open, Example = "./folder or /path/to/folder" },
    ];

    /// <summary>Those that this user can name: what comes with the program, and what is configured.</summary>
    public static IReadOnlyList<RegistryEntry> For(RegistryEnvironment environment) => All;
}
