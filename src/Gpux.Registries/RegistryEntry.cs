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

    /// <summary>What may stand before the colon: the name, unless the registry has schemes of its own besides.</summary>
    public IReadOnlyList<string> Schemes { get; init; } = [Name];

    /// <summary>Reads what follows one of the schemes and a colon (and "//"). It must read "name@revision" too, the form that
    /// <see cref="ModelReference.ToString"/> writes.</summary>
    public Func<string, string, ModelReference> Read { get; init; } = (_, rest) => ModelReference.ReadPlain(Name, rest);

    /// <summary>Reads a web address; null where it is not this registry's.</summary>
    public Func<Uri, ModelReference?> ReadAddress { get; init; } = _ => null;

    /// <summary>Which server is asked, without secrets, where there are several on which one name means different models; null where
    /// there is one, or its mirrors, or names have the server in them.</summary>
    /// <remarks>A <see cref="GpuxException"/> means that none is configured.</remarks>
    internal Func<RegistryEnvironment, string?> Server { get; init; } = _ => null;

    /// <summary>What a user would write, for the list of registries.</summary>
    public string Example { get; init; } = $"{Name}:name";

    /// <summary>Where fetched files of this registry are kept: in GPUX's own store unless stated.</summary>
    internal Func<RegistryEnvironment, IFileStore> Files { get; init; } = environment => new BlobStore(environment);
}

/// <summary>The references of a list of registries. The first that knows a scheme or an address has it.</summary>
public sealed class ReferenceForms(IReadOnlyList<RegistryEntry> registries) : IReferenceForms
{
    public ModelReference? ReadScheme(string scheme, string rest)
    {
        foreach (var registry in registries)
        {
            foreach (var known in registry.Schemes)
            {
                if (known == scheme)
                    return registry.Read(scheme, rest);
            }
        }
        // It may be one of those that could not be read.
        return registries is RegistryList { Damage: { } damage } ? throw damage : null;
    }

    public ModelReference? ReadAddress(Uri address)
    {
        foreach (var registry in registries)
        {
            if (registry.ReadAddress(address) is { } model)
                return model;
        }
        return null;
    }
}
