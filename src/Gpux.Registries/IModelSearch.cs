namespace Gpux.Registries;

/// <summary>A registry whose models can be searched.</summary>
public interface IModelSearch
{
    /// <summary>Finds models, the best first in the registry's own opinion.</summary>
    /// <returns>At most <see cref="ModelSearch.Limit"/>.</returns>
    Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken);
}

/// <summary>What a user looks for.</summary>
/// <param name="Words">Any part of a name or description, as typed.</param>
/// <param name="Limit">How many models are wanted.</param>
public sealed record ModelSearch(string Words, int Limit)
{
    /// <summary>A task of the Hub's vocabulary, such as "text-classification".</summary>
    public string? Task { get; init; }

    /// <summary>Such as "apache-2.0".</summary>
    public string? Licence { get; init; }

    /// <summary>Larger models are not wanted, where the size is known.</summary>
    public long? MaximalBytes { get; init; }
}

/// <summary>A model that a search found; what the registry does not say is null.</summary>
/// <param name="Model">What to write to pull it.</param>
public sealed record FoundModel(ModelReference Model)
{
    public string? Description { get; init; }
    public string? Task { get; init; }
    public string? Licence { get; init; }

    /// <summary>The library or format that it is made for, such as "transformers", "onnx" or "gguf".</summary>
    public string? Library { get; init; }

    /// <summary>The family by its config's name, such as "bert".</summary>
    public string? ModelType { get; init; }
    public long? SizeBytes { get; init; }
    public long? Parameters { get; init; }
    public long? Downloads { get; init; }
    public long? Likes { get; init; }
    public DateTimeOffset? UpdatedAt { get; init; }
    public bool IsGated { get; init; }
}
