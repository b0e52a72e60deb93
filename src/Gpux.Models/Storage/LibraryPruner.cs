using Gpux.Registries.Store;

namespace Gpux.Models.Storage;

/// <summary>What to free.</summary>
public sealed record PruneOptions
{
    /// <summary>Models that were not used for longer; null to keep all models.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>Files, commits and variants that nothing points to or that no run would use.</summary>
    public bool Unused { get; init; }

    /// <summary>Downloads that were interrupted.</summary>
    public bool Partial { get; init; }
}

/// <summary>Something that is deleted as a whole.</summary>
/// <param name="Kind">In a word or two, such as "model", "variant", "partial download".</param>
/// <param name="Name">Which: a model, a folder or a file.</param>
/// <param name="Why">As the end of a sentence.</param>
/// <param name="Bytes">Of the disk that it frees, if nothing else goes.</param>
public sealed record PruneItem(string Kind, string Name, string Why, long Bytes)
{
    internal Func<CancellationToken, Task<bool>> DeleteAsync { get; init; } = _ => Task.FromResult(false);
}

/// <param name="Bytes">What all of it together frees: files that only items of this plan share are counted once.</param>
public sealed record PrunePlan(IReadOnlyList<PruneItem> Items, long Bytes);

/// <param name="InUse">What another process held, and was left as it is.</param>
public sealed record PruneResult(IReadOnlyList<PruneItem> Deleted, IReadOnlyList<PruneItem> InUse);

/// <summary>Frees disk space: says first what would go, then deletes that and nothing else.</summary>
public sealed class LibraryPruner(ModelLibrary library, TimeProvider clock)
{
    private readonly StorePruner _pruner = new(library.Store);

    public PrunePlan Plan(PruneOptions options, CancellationToken cancellationToken)
    {
        var survey = StoreSurvey.Of(library.Store, cancellationToken);
        var (items, going) = (new List<PruneItem>(), new List<SurveyedModel>());
        foreach (var model in survey.Models.Where(model => model.Folder is not null))
        {
            if (options.OlderThan is { } age && clock.GetUtcNow() - model.LastUsed is var unused && unused > age)
                Go(model, $"not used for {unused.TotalDays:0} days");
        }
        var stored = library.Store.List();
        if (options.Unused)
        {
            foreach (var (model, why) in Superseded(stored))
            {
                if (survey.Models.FirstOrDefault(known => known.Folder == model.Folder) is { } surveyed && !going.Contains(surveyed))
                    Go(surveyed, why);
            }
        }
        var made = 0L;
        if (options.Unused)
        {
            foreach (var variant in stored.Where(model => !going.Exists(gone => gone.Folder == model.Folder)).SelectMany(StoredVariant.Of))
            {
                if (Why(variant.State) is not { } why)
                    continue;
                var bytes = Directory.EnumerateFiles(variant.Folder, "*", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);
                made += bytes;
                items.Add(new PruneItem("variant", $"{variant.Model.Manifest.Model} {Path.GetFileName(variant.Folder)}", why, bytes)
                {
                    DeleteAsync = _ => Task.FromResult(_pruner.DeleteMade(variant.Model.Manifest, variant.Folder)),
                });
            }
        }
        foreach (var remnant in survey.Remnants.Where(remnant => remnant.Kind == RemnantKind.PartialDownload ? options.Partial : options.Unused))
        {
            if (remnant is { Kind: RemnantKind.UnusedSnapshot, Model: { } manifest })
                going.Add(survey.Models.Single(model => model.Folder is null && model.Manifest == manifest));
            else
                made += remnant.Bytes;
            items.Add(new PruneItem(Kind(remnant.Kind), Name(remnant), Why(remnant.Kind), remnant.Bytes)
            {
                DeleteAsync = token => _pruner.DeleteAsync(remnant, token),
            });
        }
        string[] usable = [.. stored.SelectMany(StoredVariant.Of).Where(variant => variant.State == VariantState.Usable)
            .Select(variant => $"{variant.Model.Manifest.Model} {variant.Model.Manifest.Commit} {Path.GetFileName(variant.Folder)}")];
        foreach (var embeddings in StoredEmbeddings.Of(library.EmbeddingsFolder))
        {
            if (Why(embeddings, options, usable) is not { } why)
                continue;
            made += embeddings.Bytes;
            items.Add(new PruneItem("embeddings", embeddings.Path, why, embeddings.Bytes) { DeleteAsync = _ => Task.FromResult(embeddings.Delete()) });
        }
        return new PrunePlan(items, survey.BytesOf(going) + made);

        void Go(SurveyedModel model, string why)
        {
            going.Add(model);
            items.Add(new PruneItem("model", $"{model.Manifest.Model} {model.Manifest.Commit[..12]}", why, survey.BytesOf([model]))
            {
                DeleteAsync = token => _pruner.RemoveAsync(model.Manifest, token),
            });
        }
    }

    /// <exception cref="NotWritableException">A folder cannot be written.</exception>
    public static async Task<PruneResult> DeleteAsync(PrunePlan plan, CancellationToken cancellationToken)
    {
        var (deleted, inUse) = (new List<PruneItem>(), new List<PruneItem>());
        foreach (var item in plan.Items)
            (await item.DeleteAsync(cancellationToken) ? deleted : inUse).Add(item);
        return new PruneResult(deleted, inUse);
    }

    // A folder of the user's has a new commit whenever a file of it changes; what was made of the former ones is of no use.
    private static IEnumerable<(StoredModel Model, string Why)> Superseded(IReadOnlyList<StoredModel> stored)
    {
        foreach (var folder in stored.Where(model => model.Manifest.Model.Registry == ModelReference.Local).GroupBy(model => model.Manifest.Model.Name))
        {
            var newest = folder.MaxBy(model => model.LastUsed);
            foreach (var model in folder)
            {
                if (!Path.Exists(folder.Key))
                    yield return (model, "the folder is gone");
                else if (model != newest)
                    yield return (model, "the folder has changed since");
            }
        }
    }

    // Of an ONNX file that is used where it lies the identity ends with the commit: whether it is still there nothing tells.
    private string? Why(StoredEmbeddings embeddings, PruneOptions options, string[] usable) =>
        embeddings.IsPartial ? options.Partial ? "embeddings that were not completed" : null
        : options.OlderThan is { } age && clock.GetUtcNow() - embeddings.LastUsed is var unused && unused > age ? $"not used for {unused.TotalDays:0} days"
        : !options.Unused ? null : embeddings.Model is not { } model ? "does not say which model made it"
        : !model.EndsWith(' ') && !usable.Contains(model) ? "the model that made it is gone, or was converted anew" : null;

    private static string? Why(VariantState state) => state switch
    {
        VariantState.WithoutWeights => "its weights are gone or have changed",
        VariantState.OfOtherVersion => "made by another version of gpux",
        VariantState.Unfinished => "a conversion that did not end",
        _ => null,
    };

    private static string Kind(RemnantKind kind) => kind switch
    {
        RemnantKind.PartialDownload => "partial download",
        RemnantKind.UnusedFile => "file",
        RemnantKind.UnusedSnapshot => "commit",
        RemnantKind.Listing => "list of models",
        RemnantKind.FormerName => "former name",
        _ => "temporary file",
    };

    private static string Why(RemnantKind kind) => kind switch
    {
        RemnantKind.PartialDownload => "a download that was not completed",
        RemnantKind.UnusedFile => "no model has it",
        RemnantKind.UnusedSnapshot => "no branch or tag means it, and it was not pulled",
        RemnantKind.Listing => "received more than 30 days ago",
        RemnantKind.FormerName => "nothing of that name is here",
        _ => "left behind by a process that ended early",
    };

    private static string Name(Remnant remnant) => remnant.Kind == RemnantKind.UnusedSnapshot && remnant.Model is { } model
        ? $"{model.Model} {model.Commit[..Math.Min(12, model.Commit.Length)]}" : remnant.Path;
}
