using Gpux.Registries.Local;
using Gpux.Registries.S3;
using Gpux.Registries.Store;

namespace Gpux.Registries.Mlflow;

/// <summary>Files in an object storage that this machine may read itself: s3://bucket/path, gs://bucket/path.</summary>
/// <param name="scheme">With "://".</param>
internal sealed class BucketArtifacts(S3Client client, string scheme) : IArtifactStore
{
    public async Task<(string Folder, IReadOnlyList<ModelFile> Files)> ListAsync(
        ModelReference model, string address, CancellationToken cancellationToken)
    {
        var (bucket, key) = ObjectAddress.Split(address[scheme.Length..]);
        var (prefix, files) = await ObjectAddress.ListAsync(client, model, bucket, key, cancellationToken);
        // The tag is not kept: the id of an MLflow file is its place.
        return ($"{scheme}{bucket}/{prefix}".TrimEnd('/'), files.ConvertAll(file => file with { ObjectId = null }));
    }

    public Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, string folder, string path, FileRange range, CancellationToken cancellationToken)
    {
        var (bucket, key) = ObjectAddress.Split(folder[scheme.Length..]);
        return client.OpenAsync(manifest, file, bucket, key.Length == 0 ? path : $"{key}/{path}", entityTag: null, range, cancellationToken);
    }
}

/// <summary>Files in a folder of this machine.</summary>
internal sealed class FolderArtifacts : IArtifactStore
{
    public async Task<(string Folder, IReadOnlyList<ModelFile> Files)> ListAsync(
        ModelReference model, string address, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(address) && !File.Exists(address))
            return (address, []);
        var local = await new LocalRegistry().ResolveAsync(new ModelReference(ModelReference.Local, address), cancellationToken);
        var folder = Directory.Exists(address) ? address : Path.GetDirectoryName(address)!; // A file has a folder
        return (folder, local.Files);
    }

    public Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, string folder, string path, FileRange range, CancellationToken cancellationToken)
    {
        var full = StoreFolder.RealPath(RepositoryPath.Join(folder, path, manifest.Model.ToString()))
            ?? throw new FileNotInModelException(manifest, file.Path);
        try
        {
            var stream = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            var offset = Math.Min(range.Offset, stream.Length);
            stream.Position = offset;
            return Task.FromResult(new FileContent(stream, offset, stream.Length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new LocalModelUnreadableException(full, exception.Message, "Check that you may read it.", exception);
        }
    }
}
