namespace Gpux.Registries.S3;

/// <summary>Reads models from a bucket: s3://bucket/folder, s3://bucket/folder/model.onnx, and gs:// likewise.</summary>
public sealed class S3Registry : IModelRegistry
{
    // A property: what comes before a file's name in its key.
    private const string Prefix = "key_prefix";

    private readonly S3Client _client;

    internal S3Registry(RegistryEnvironment environment, S3Settings settings) => _client = new S3Client(environment, settings);

    /// <summary>Amazon S3, or what AWS_ENDPOINT_URL_S3 names.</summary>
    public static S3Registry Amazon(RegistryEnvironment environment) => new(environment, S3Settings.Amazon(environment));

    /// <summary>Google Cloud Storage.</summary>
    public static S3Registry Google(RegistryEnvironment environment) => new(environment, S3Settings.Google(environment));

    public async Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken)
    {
        var (bucket, key) = ObjectAddress.Split(model.Name);
        var (prefix, files) = await ObjectAddress.ListAsync(_client, model, bucket, key, cancellationToken);
        RepositoryPath.CheckAll(model.ToString(), files);
        var commit = CommitId.Of(files, $"{_client.Settings.Endpoint}\n{model.Name}");
        if (model.Revision is { } revision && !revision.Equals(commit, StringComparison.OrdinalIgnoreCase))
            throw new RevisionNotFoundException(model);
        return new ModelManifest(model with { Path = null }, commit, files, Source: _client.Settings.Address(bucket, key, "").AbsoluteUri)
        {
            Properties = new Dictionary<string, string> { [Prefix] = prefix },
        };
    }

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        var (bucket, _) = ObjectAddress.Split(manifest.Model.Name);
        return _client.OpenAsync(manifest, file, bucket, manifest.Properties.GetValueOrDefault(Prefix) + file.Path, file.ObjectId, range, cancellationToken);
    }
}
