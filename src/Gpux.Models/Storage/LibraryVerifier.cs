using Gpux.Registries.Store;

namespace Gpux.Models.Storage;

/// <param name="Files">Every file that was looked at.</param>
/// <param name="Variants">Those that do not run as they were made, each with the reason.</param>
/// <param name="Unused">Files that no model links to: no damage, but of no use either.</param>
public sealed record LibraryVerification(
    IReadOnlyList<VerifiedFile> Files, IReadOnlyList<(StoredVariant Variant, string Problem)> Variants, IReadOnlyList<Remnant> Unused)
{
    public bool IsWhole => Variants.Count == 0 && !Files.Any(file => file.IsBad);
}

/// <summary>Compares the published files with their digests, and the variants with the files that they point into.</summary>
public sealed class LibraryVerifier(ModelLibrary library)
{
    private readonly StoreVerifier _verifier = new(library.Store);

    /// <param name="models">Null for all that are here, those that other tools fetched included.</param>
    /// <param name="repair">Whether to fetch damaged files again, and to delete variants that cannot be used.</param>
    public async Task<LibraryVerification> VerifyAsync(
        IReadOnlyCollection<StoredModel>? models, bool repair, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var survey = StoreSurvey.Of(library.Store, cancellationToken);
        var manifests = models?.Select(model => model.Manifest).Where(StoreVerifier.IsPublished).ToArray() ?? _verifier.Models(cancellationToken);
        var files = await _verifier.VerifyAsync(manifests, progress, cancellationToken);
        if (repair && files.Any(file => file.IsBad))
        {
            var repaired = await _verifier.RepairAsync([.. files.Where(file => file.IsBad)], progress, cancellationToken);
            files = [.. files.Where(file => !file.IsBad), .. repaired];
        }
        var damaged = files.Where(file => file.IsBad).Select(file => file.Path).OfType<string>().ToHashSet();
        var variants = new List<(StoredVariant Variant, string Problem)>();
        foreach (var variant in (models ?? library.Store.List()).SelectMany(StoredVariant.Of))
        {
            if (Problem(variant, damaged) is { } problem)
                variants.Add((variant, problem));
        }
        if (repair)
        {
            // A variant is made anew when it is next used.
            var pruner = new StorePruner(library.Store);
            variants.RemoveAll(each => each.Variant.State == VariantState.WithoutWeights
                && pruner.DeleteMade(each.Variant.Model.Manifest, each.Variant.Folder));
        }
        var unused = models is null ? survey.Remnants.Where(remnant => remnant.Kind == RemnantKind.UnusedFile).ToArray() : [];
        return new LibraryVerification(files, variants, unused);
    }

    private static string? Problem(StoredVariant variant, HashSet<string> damaged) => variant switch
    {
        { State: VariantState.WithoutWeights } => "its weights are gone or have another size; it is made anew when next used",
        { Variant: { } made } when made.Weights.Any(weight => damaged.Contains(Path.GetFullPath(Path.Combine(made.WeightsFolder, weight.Location)))) =>
            "its weights are damaged",
        _ => null,
    };
}
