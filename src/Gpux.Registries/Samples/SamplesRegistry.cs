namespace Gpux.Registries.Samples;

/// <summary>Reads the models that come with the program: the folder samples/ beside it, or the one that GPUX_SAMPLES
/// names.</summary>
public sealed class SamplesRegistry(RegistryEnvironment environment) : IModelRegistry, IModelSearch
{
    private readonly string _folder = environment.Folder("GPUX_SAMPLES") ?? Path.Combine(AppContext.BaseDirectory, "samples");

    public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var samples = SampleIndex.Read(_folder);
        if (samples.FirstOrDefault(sample => sample.Name == model.Name) is not { } sample)
            throw new ModelNotFoundException(model.ToString(), $"No sample is named '{model.Name}'.",
                $"Those that there are: {string.Join(", ", samples.Select(known => known.Name))}.");
        if (model.Revision is { } revision && !revision.Equals(sample.Commit, StringComparison.OrdinalIgnoreCase))
            throw new RevisionNotFoundException(model);
        var source = Path.Combine(_folder, sample.Name);
        return Task.FromResult(new ModelManifest(model with { Path = null }, sample.Commit, sample.Files, sample.Licence, source)
        {
            Properties = new Dictionary<string, string> { ["description"] = sample.Description, ["pipeline_tag"] = sample.Task },
        });
    }

    public Task<IReadOnlyList<FoundModel>> SearchAsync(ModelSearch search, CancellationToken cancellationToken)
    {
        var words = search.Words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Task.FromResult<IReadOnlyList<FoundModel>>([.. SampleIndex.Read(_folder)
            .Where(sample => words.All(word => $"{sample.Name} {sample.Description} {sample.Task}".Contains(word, StringComparison.OrdinalIgnoreCase)))
            .Take(search.Limit)
            .Select(sample => new FoundModel(new ModelReference(ModelReference.Samples, sample.Name))
            {
                Description = sample.Description, Task = sample.Task, Licence = sample.Licence, Library = "gpux",
                SizeBytes = sample.Files.Where(file => file.Path.EndsWith(".safetensors", StringComparison.Ordinal)).Sum(file => file.SizeBytes),
            })]);
    }

    public Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var path = RepositoryPath.Join(Path.Combine(_folder, manifest.Model.Name), file.Path, manifest.Model.Name);
        try
        {
            var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            var offset = Math.Min(range.Offset, stream.Length);
            stream.Position = offset;
            return Task.FromResult(new FileContent(stream, offset, stream.Length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SamplesDamagedException(path, exception.Message, exception);
        }
    }
}
