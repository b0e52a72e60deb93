using Gpux.Registries.HuggingFace;
using Gpux.Registries.Local;
using Gpux.Registries.Samples;
using Gpux.Registries.Store;

namespace Gpux.Registries;

/// <summary>A registry that GPUX can read.</summary>
/// <param name="Name">What stands before the colon of a reference.</param>
/// <param name="Description">For people, in a few words.</param>
public sealed record RegistryEntry(string Name, string Description, Func<RegistryEnvironment, IModelRegistry> Open)
{
    /// <summary>Whether asking costs nothing, so that it is asked even where the store has an answer: that may be of an older
    /// installation.</summary>
    public bool IsOnThisMachine { get; init; }

    /// <summary>Variables that hold an access token, the one that wins first; empty where none is ever needed.</summary>
    public IReadOnlyList<string> TokenVariables { get; init; } = [];

    /// <summary>Where fetched files of this registry are kept: in GPUX's own store unless stated.</summary>
    internal Func<RegistryEnvironment, IFileStore> Files { get; init; } = environment => new BlobStore(environment);
}

/// <summary>All registries, a line each.</summary>
public static class RegistryCatalog
{
    public static IReadOnlyList<RegistryEntry> All { get; } =
    [
        new(ModelReference.HuggingFace, "Hugging Face Hub", e => new HuggingFaceRegistry(e))
        {
            Files = HubCache.Open, TokenVariables = [HubSettings.TokenVariable, HubSettings.FormerTokenVariable],
        },
        new(ModelReference.Samples, "Models that come with GPUX", e => new SamplesRegistry(e)) { IsOnThisMachine = true },
        new(ModelReference.Local, "Folders and files", _ => new LocalRegistry()) { IsOnThisMachine = true, Files = FilesInPlace.Open },
    ];
}
