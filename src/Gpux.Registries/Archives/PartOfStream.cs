namespace Gpux.Registries.Archives;

/// <summary>The next bytes of a stream, as a stream that ends after them. Does not dispose what it reads from.</summary>
internal sealed class PartOfStream(Stream source, long length) : ReadOnlyStream
{
    /// <summary>Bytes not read yet.</summary>
    public long Remaining { get; private set; } = length;

    /// <exception cref="EndOfStreamException">The source ends before the part does.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (Remaining == 0 || buffer.IsEmpty)
            return 0;
        var read = source.Read(buffer[..(int)Math.Min(buffer.Length, Remaining)]);
        if (read == 0)
            throw new EndOfStreamException();
        Remaining -= read;
        return read;
    }

    /// <exception cref="EndOfStreamException">As above.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Remaining == 0 || buffer.IsEmpty)
            return 0;
        var read = await source.ReadAsync(buffer[..(int)Math.Min(buffer.Length, Remaining)], cancellationToken);
        if (read == 0)
            throw new EndOfStreamException();
        Remaining -= read;
        return read;
    }
}
