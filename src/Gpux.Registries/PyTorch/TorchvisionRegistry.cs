using Gpux.Registries.Http;

namespace Gpux.Registries.PyTorch;

/// <summary>Reads the weights that torchvision's authors publish, by the names that torchvision has for them.</summary>
/// <remarks>A file's name carries the first digits of its SHA-256, against which it is verified. Nothing is executed.</remarks>
public sealed class TorchvisionRegistry(RegistryEnvironment environment) : IModelRegistry, IModelSearch
{
    /// <summary>What stands before the colon of a reference.</summary>
    public const string Name = "torchvision";

    /// <summary>The variable with the address of a mirror of download.pytorch.org/models.</summary>
    public const string EndpointVariable = "GPUX_PYTORCH_ENDPOINT";

    // Of the code; weights may carry the terms of the data that they were trained with.
    private const string Licence = "bsd-3-clause";
    private const string Page = "https://pytorch.org/vision/stable/models.html";

    /// <summary>Reads "resnet50", "resnet50@IMAGENET1K_V2", "ResNet50_Weights.IMAGENET1K_V2" and a file's own name,
    /// "resnet50-19c8e357.pth".</summary>
    /// <exception cref="InvalidReferenceException">Another form.</exception>
    public static ModelReference ReadReference(string text)
    {
        var model = ModelReference.ReadPlain(Name, text);
        foreach (var member in (ReadOnlySpan<string>)["_Weights.", "_QuantizedWeights."])
        {
            if (model.Revision is null && text.IndexOf(member, StringComparison.Ordinal) is > 0 and var at)
                model = new ModelReference(Name, text[..at], text[(at + member.Length)..]);
        }
        if (model.Name.Length > 200 || model.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '.')) || model.Name[0] == '.')
            throw new InvalidReferenceException($"{Name}:{text}", "a model is letters, digits, '_', '-' and '.'");
        return IsFile(model.Name) ? model : model with { Name = model.Name.ToLowerInvariant() };
    }

    public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        model = model with { Path = null };
        return Task.FromResult(IsFile(model.Name) ? OfFile(model) : OfTable(model));
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var home = ServerAddress.Read(environment, "torchvision", EndpointVariable, "https://download.pytorch.org/models");
        var address = new Uri(home, file.ObjectId ?? file.Path);
        return TorchFile.OpenAsync(environment, address, manifest, file, range, cancellationToken);
    }

    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        IReadOnlyList<FoundModel> found = [.. TorchvisionWeights.All
            .Where(known => search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries).All(word =>
                known.Model.Contains(word, StringComparison.OrdinalIgnoreCase) || known.Weights.Contains(word, StringComparison.OrdinalIgnoreCase))
                && (search.Task is null || search.Task == known.Task))
            .OrderByDescending(known => known.IsDefault).Take(search.Limit)
            .Select(known => new FoundModel(new ModelReference(Name, known.Model, known.IsDefault ? null : known.Weights))
            {
                Description = $"{known.Weights} of torchvision", Task = known.Task, Library = Name, Licence = Licence,
            })];
        return Task.FromResult(found);
    }

    private static bool IsFile(string name) =>
        name.EndsWith(".pth", StringComparison.Ordinal) || name.EndsWith(".pt", StringComparison.Ordinal);

    private static ModelManifest OfTable(ModelReference model)
    {
        var asked = model.Revision?.ToUpperInvariant();
        // A commit of ours is that of one of the model's files.
        if (model.IsPinned)
            asked = TorchvisionWeights.All.FirstOrDefault(each => each.Model == model.Name && Commit(each) == model.Revision)?.Weights ?? asked;
        if (TorchvisionWeights.Find(model.Name, asked) is { } known)
            return Manifest(model, FileOf(known), new Dictionary<string, string>
            {
                ["library_name"] = Name, ["pipeline_tag"] = known.Task, ["architecture"] = known.Model, ["weights"] = known.Weights,
            });
        var others = TorchvisionWeights.All.Where(each => each.Model == model.Name).Select(each => each.Weights).ToList();
        throw others.Count > 0 ? new RevisionNotFoundException(model, others) : new ModelNotFoundException(model.ToString(),
            $"torchvision publishes no weights for '{model.Name}'.", Closest(model.Name));
    }

    private static string Closest(string name)
    {
        var start = name[..Math.Min(4, name.Length)];
        var close = TorchvisionWeights.All.Select(each => each.Model).Distinct().Where(each => each.StartsWith(start, StringComparison.Ordinal)).ToList();
        return close.Count > 0 ? $"Those whose names begin alike: {string.Join(", ", close)}." : "List them with gpux search --registry torchvision.";
    }

    private static ModelManifest OfFile(ModelReference model)
    {
        var file = new ModelFile(model.Name, SizeBytes: null, TorchFile.DigestInName(model.Name));
        var manifest = Manifest(model, file, new Dictionary<string, string> { ["library_name"] = Name });
        return model.Revision is null || model.Revision == manifest.Commit ? manifest : throw new RevisionNotFoundException(model);
    }

    private static ModelManifest Manifest(ModelReference model, ModelFile file, Dictionary<string, string> properties) =>
        new(model, CommitId.Of([file]), [file], Licence, Page) { Properties = properties };

    private static ModelFile FileOf(TorchvisionWeights known)
    {
        var name = known.File[(known.File.LastIndexOf('/') + 1)..];
        return new ModelFile(name, SizeBytes: null, TorchFile.DigestInName(name)) { ObjectId = known.File };
    }

    private static string Commit(TorchvisionWeights known) => CommitId.Of([FileOf(known)]);
}
