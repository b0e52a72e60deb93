namespace Gpux.Registries.Mlflow;

/// <summary>Where the files of models lie: behind the server, in an object storage or in a folder.</summary>
internal interface IArtifactStore
{
    /// <summary>Lists what lies below an address, recursively.</summary>
    /// <returns>The address of the folder that the paths are relative to: that of <paramref name="address"/>, or the one above where
    /// it is a file. No files where nothing is there.</returns>
    Task<(string Folder, IReadOnlyList<ModelFile> Files)> ListAsync(
        ModelReference model, string address, CancellationToken cancellationToken);

    /// <summary>Opens a file of a listed folder.</summary>
    /// <param name="path">Within the folder.</param>
    /// <param name="file">What errors and checks are about.</param>
    Task<FileContent> OpenAsync(
        ModelManifest manifest, ModelFile file, string folder, string path, FileRange range, CancellationToken cancellationToken);
}
