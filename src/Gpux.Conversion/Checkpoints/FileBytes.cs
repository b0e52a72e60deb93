namespace Gpux.Conversion.Checkpoints;

/// <summary>A weight file, mapped for reading its structure. Every access is checked against the file's length.</summary>
/// <param name="path">Where it lies.</param>
/// <param name="name">Its name in the repository, for messages.</param>
internal sealed unsafe class FileBytes(string path, string name) : IDisposable
{
    private readonly MappedRegion _map = MappedRegion.Open(path);

    public string Name { get; } = name;

    public long Length => _map.Length;

    /// <summary>Bytes of the file, valid until this is disposed.</summary>
    /// <exception cref="InvalidCheckpointException">The file ends before.</exception>
    public ReadOnlySpan<byte> Span(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset)
            throw new InvalidCheckpointException(Name, $"it has {Length} bytes, where {length} are needed at byte {offset}");
        return length <= int.MaxValue ? new ReadOnlySpan<byte>(_map.Data + offset, (int)length)
            : throw new InvalidCheckpointException(Name, $"it describes a part of {length} bytes at byte {offset}, which is more than any has");
    }

    /// <summary>What follows a position, as much of it as a span holds.</summary>
    public ReadOnlySpan<byte> From(long offset) => Span(offset, Math.Clamp(Length - offset, 0, int.MaxValue));

    public void Dispose() => _map.Dispose();
}
