namespace Gpux.Registries.Mlflow;

/// <summary>What MLflow knows of its models and runs: a server, or a folder of its file store.</summary>
internal interface IMlflowTracking
{
    /// <summary>Where people look at a registered model; null where there is no page.</summary>
    string? Page(MlflowTarget target);

    /// <exception cref="ModelNotFoundException">No registered model has this name.</exception>
    Task<RegisteredModel> ModelAsync(ModelReference model, string name, CancellationToken cancellationToken);

    /// <exception cref="RevisionNotFoundException">The model has no such version.</exception>
    Task<ModelVersion> VersionAsync(ModelReference model, string name, VersionChoice choice, CancellationToken cancellationToken);

    /// <summary>Where a version's files lie: the address of a folder, or models:/ or runs:/ to ask further.</summary>
    Task<string> VersionFolderAsync(ModelReference model, ModelVersion version, CancellationToken cancellationToken);

    /// <summary>Where the files of a logged model lie.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    Task<string> LoggedModelFolderAsync(ModelReference model, string id, CancellationToken cancellationToken);

    /// <summary>Where the artifacts of a run lie.</summary>
    /// <exception cref="ModelNotFoundException">There is no such run.</exception>
    Task<string> RunFolderAsync(ModelReference model, string id, CancellationToken cancellationToken);

    /// <summary>Registered models whose name has <paramref name="words"/> in it, in any case.</summary>
    Task<IReadOnlyList<RegisteredModel>> SearchAsync(string words, int limit, CancellationToken cancellationToken);
}

/// <param name="Tags">As the users set them.</param>
/// <param name="Aliases">Alias and version.</param>
internal sealed record RegisteredModel(
    string Name, string? Description, DateTimeOffset? UpdatedAt, IReadOnlyList<KeyValuePair<string, string>> Tags,
    IReadOnlyList<KeyValuePair<string, string>> Aliases);

/// <param name="Version">A number, as text.</param>
/// <param name="Source">What it was registered from.</param>
/// <param name="Status">READY when its files are there.</param>
internal sealed record ModelVersion(
    string Name, string Version, string? Description, string? Stage, string? Source, string? RunId, string? Status,
    DateTimeOffset? CreatedAt, DateTimeOffset? UpdatedAt, IReadOnlyList<KeyValuePair<string, string>> Tags);
