using System.CommandLine;
using Gpux.Registries.Store;

namespace Gpux.Cli.Commands;

/// <summary>The models on this machine that a command's arguments mean.</summary>
internal static class StoreSelection
{
    public static Argument<string[]> Argument() => new("model")
    {
        Description = "Models that are on this machine, such as org/name or org/name@revision; default: all.", Arity = ArgumentArity.ZeroOrMore,
    };

    /// <returns>Null if no model is named.</returns>
    /// <exception cref="ModelNotFoundException">One of them is not on this machine.</exception>
    public static IReadOnlyList<StoredModel>? Of(Services services, string[]? names)
    {
        if (names is not { Length: > 0 })
            return null;
        var stored = services.Library.Store.List();
        return [.. names.SelectMany(name => Matching(stored, services.Reference(name))).Distinct()];
    }

    /// <summary>Without a revision, all commits of the model.</summary>
    /// <exception cref="ModelNotFoundException">It is not on this machine.</exception>
    public static IReadOnlyList<StoredModel> Matching(IReadOnlyList<StoredModel> stored, ModelReference reference)
    {
        var name = reference.Registry == ModelReference.Local ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(reference.Name)) : reference.Name;
        var matching = stored.Where(model => model.Manifest.Model.Registry == reference.Registry && model.Manifest.Model.Name == name
            && (reference.Revision is null || model.Revisions.Contains(reference.Revision) || model.Manifest.Commit == reference.Revision)).ToArray();
        return matching.Length > 0 ? matching
            : throw new ModelNotFoundException(reference.ToString(), $"The model {reference} is not on this machine.", "See what is: gpux list.");
    }
}
