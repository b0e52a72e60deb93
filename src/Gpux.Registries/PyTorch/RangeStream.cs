namespace Gpux.Registries.PyTorch;

/// <summary>A file elsewhere, of which only the parts that are read are fetched.</summary>
/// <param name="open">Opens a part of it.</param>
internal sealed class RangeStream(Func<FileRange, CancellationToken, Task<FileContent>> open) : Stream
{
    private const int BlockBytes = 1 << 16;
    private const int RequestLimit = 256; // 16 MiB: more is no list of members

    private readonly Dictionary<long, byte[]> _blocks = [];

    /// <summary>The size of the file; null where the server does not say.</summary>
    public long? KnownLength { get; private set; }

    /// <summary>Whether the server gives parts, so that this can be read.</summary>
    public bool HasRanges { get; private set; }

    /// <summary>The server's strong tag of the file; null where it has none.</summary>
    public string? EntityTag { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => true;
    public override bool CanWrite => false;
    public override long Length => KnownLength ?? throw new NotSupportedException("The server does not say how long the file is.");
    public override long Position { get; set; }

    /// <summary>Asks for the last bytes but one block, by which the server shows what it can do.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using (var first = await open(new FileRange(0, 1), cancellationToken))
            (KnownLength, EntityTag) = (first.TotalBytes, first.EntityTag);
        if (KnownLength is not > 1)
            return;
        var last = (KnownLength.Value - 1) / BlockBytes * BlockBytes;
        var at = Math.Max(1, last);
        await using var content = await open(new FileRange(at, KnownLength - at), cancellationToken);
        HasRanges = content.Offset == at;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position >= Length || buffer.IsEmpty)
            return 0;
        var index = Position / BlockBytes;
        if (!_blocks.TryGetValue(index, out var block))
            _blocks[index] = block = await FetchAsync(index * BlockBytes, cancellationToken);
        var from = (int)(Position - (index * BlockBytes));
        var count = Math.Min(buffer.Length, block.Length - from);
        block.AsMemory(from, count).CopyTo(buffer);
        Position += count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin)
    {
        var position = origin switch { SeekOrigin.Begin => 0, SeekOrigin.Current => Position, _ => Length } + offset;
        return Position = position >= 0 ? position : throw new IOException("Before the start of the file.");
    }

    // ZipArchive has no asynchronous way to read its list of members.
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Flush() => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task<byte[]> FetchAsync(long at, CancellationToken cancellationToken)
    {
        if (_blocks.Count == RequestLimit)
            throw new InvalidDataException($"its list of members exceeds {RequestLimit * BlockBytes >> 20} MiB");
        var block = new byte[(int)Math.Min(BlockBytes, Length - at)];
        await using var content = await open(new FileRange(at, block.Length), cancellationToken);
        if (content.Offset != at)
            throw new InvalidDataException("the server gives no parts of it");
        if (await content.Stream.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancellationToken) < block.Length)
            throw new InvalidDataException("the server sends less of it than it was asked for");
        return block;
    }
}
