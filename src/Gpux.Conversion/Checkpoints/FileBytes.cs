namespace Gpux.Conversion.Checkpoints;

/// <summary>A weight file in memory, for reading its structure. Every access is checked against its length.</summary>
internal sealed unsafe class FileBytes : IDisposable
{
    private readonly MappedRegion? _map;

    /// <summary>Maps a file.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="name">Its name in the repository, for messages.</param>
    public FileBytes(string path, string name)
    {
        _map = MappedRegion.Open(path);
        Data = _map.Data;
        (Length, Name) = (_map.Length, name);
    }

    /// <summary>A file that is in memory already, and stays there.</summary>
    public FileBytes(byte* data, long length, string name)
    {
        Data = data;
        (Length, Name) = (length, name);
    }

    public string Name { get; }

    public long Length { get; }

    /// <summary>The first byte, valid until this is disposed.</summary>
    public byte* Data { get; }

    /// <summary>Bytes of the file, valid until this is disposed.</summary>
    /// <exception cref="InvalidCheckpointException">The file ends before.</exception>
    public ReadOnlySpan<byte> Span(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset)
            throw new InvalidCheckpointException(Name, $"it has {Length} bytes, where {length} are needed at byte {offset}");
        return length <= int.MaxValue ? new ReadOnlySpan<byte>(Data + offset, (int)length)
            : throw new InvalidCheckpointException(Name, $"it describes a part of {length} bytes at byte {offset}, which is more than any has");
    }

    /// <summary>What follows a position, as much of it as a span holds.</summary>
    public ReadOnlySpan<byte> From(long offset) => Span(offset, Math.Clamp(Length - offset, 0, int.MaxValue));

    public void Dispose() => _map?.Dispose();
}
