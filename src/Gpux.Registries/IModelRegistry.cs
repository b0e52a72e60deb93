namespace Gpux.Registries;

/// <summary>A place where models are published: says what a model is, and gives its bytes. Nothing else.</summary>
/// <remarks>Retry, resume, digests, progress and disk space are the downloader's, for all registries. What may pass by itself is
/// thrown as <see cref="TransferInterruptedException"/>; every other <see cref="GpuxException"/> is final.</remarks>
public interface IModelRegistry
{
    /// <summary>Pins a reference to one commit and lists its files with size and digest, as far as the registry knows
    /// them.</summary>
    Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken);

    /// <summary>Opens a file, or a part of it. The caller disposes the content.</summary>
    /// <returns>What the registry sends. It may be more than asked: the whole file, from 0, or bytes after those asked
    /// for.</returns>
    Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken);
}

/// <summary>Which bytes of a file are wanted.</summary>
/// <param name="Offset">Bytes from the start of the file.</param>
/// <param name="Length">Bytes wanted; null for all that follow.</param>
/// <param name="EntityTag">The strong tag under which earlier bytes came: if the file has another by now, the whole file is
/// wanted.</param>
public readonly record struct FileRange(long Offset = 0, long? Length = null, string? EntityTag = null);

/// <summary>The bytes that a registry sends of a file.</summary>
/// <param name="stream">Disposed with the content.</param>
/// <param name="offset">Where in the file the stream begins: as asked, or 0 if the registry sends the whole file.</param>
/// <param name="totalBytes">The size of the whole file; null where the registry does not say.</param>
/// <param name="owner">What else to dispose, such as the connection.</param>
public sealed class FileContent(Stream stream, long offset, long? totalBytes, IDisposable? owner = null) : IAsyncDisposable
{
    public Stream Stream { get; } = stream;
    public long Offset { get; } = offset;
    public long? TotalBytes { get; } = totalBytes;

    /// <summary>A strong validator for <see cref="FileRange.EntityTag"/>, in quotes as on the wire; null where there is
    /// none.</summary>
    public string? EntityTag { get; init; }

    /// <summary>Whether the stream ends with the range that was asked for. False also where the registry does not know.</summary>
    public bool IsPart { get; init; }

    /// <summary>What the registry calls the bytes, such as "text/html"; null where it does not say.</summary>
    public string? MediaType { get; init; }

    /// <summary>How long the stream may bring nothing; <see cref="RegistryEnvironment.SilenceLimit"/> where null.</summary>
    public TimeSpan? SilenceLimit { get; init; }

    /// <summary>What the file must hash to, where the registry says so only with the bytes.</summary>
    public Digest? Digest { get; init; }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        owner?.Dispose();
    }
}
