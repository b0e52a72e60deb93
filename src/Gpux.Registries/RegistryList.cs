using System.Collections;
using Gpux.Registries.Configuration;

namespace Gpux.Registries;

/// <summary>The registries that a user can name: those that come with the program first, then the user's own.</summary>
/// <remarks>The user's own are read when somebody goes on to them: a run that needs none does not pay for reading them. A damaged file
/// hinders only those who ask for what is not in the list.</remarks>
public sealed class RegistryList : IReadOnlyList<RegistryEntry>
{
    private readonly Lazy<(IReadOnlyList<RegistryEntry> Own, RegistryConfigurationException? Damage)> _read;

    internal RegistryList(RegistriesFile file) => _read = new(() =>
    {
        try
        {
            return ([.. file.Read().Select(registry => RegistryKinds.Find(registry.Kind)!.Entry(registry))], null); // Read has checked the kind
        }
        catch (RegistryConfigurationException damage)
        {
            return ([], damage);
        }
    });

    /// <summary>Why the user's own could not be read, to be thrown by whoever needs one of them; null where they could, or there
    /// are none.</summary>
    public RegistryConfigurationException? Damage => _read.Value.Damage;

    public int Count => RegistryCatalog.All.Count + _read.Value.Own.Count;

    public RegistryEntry this[int index] =>
        index < RegistryCatalog.All.Count ? RegistryCatalog.All[index] : _read.Value.Own[index - RegistryCatalog.All.Count];

    public IEnumerator<RegistryEntry> GetEnumerator()
    {
        foreach (var entry in RegistryCatalog.All)
            yield return entry;
        foreach (var entry in _read.Value.Own)
            yield return entry;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
