using System.Collections.Concurrent;
using System.Security.Cryptography;
using Gpux.Registries.Store;

namespace Gpux.Registries.Tests.Download;

/// <summary>A registry of one file, that gives ranges as it is told to.</summary>
internal sealed class RangedFile(byte[] content) : IModelRegistry
{
    private int _open;
    private int _mostOpen;
    private long _sent;

    public byte[] Content { get; set; } = content;
    public bool HasDigest { get; init; } = true;
    public string? EntityTag { get; set; } = "\"v1\"";

    /// <summary>Whether the range is ignored, as by servers that know none.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>Of each stream; null for as fast as possible.</summary>
    public int? BytesPerSecond { get; set; }

    /// <summary>How many may be open at once; others are refused.</summary>
    public int Allowed { get; set; } = int.MaxValue;

    /// <summary>A stream ends after so many bytes, as a broken connection.</summary>
    public int? BreakAfter { get; set; }

    /// <summary>Streams that begin within this range bring next to nothing.</summary>
    public (long From, long To)? Crawls { get; set; }

    /// <summary>Called with each range that is asked for, before it is answered.</summary>
    public Action<FileRange> OnOpen { get; set; } = _ => { };

    public ConcurrentQueue<FileRange> Opened { get; } = new();
    public int MostOpen => _mostOpen;
    public long SentBytes => Interlocked.Read(ref _sent);

    public Task<ModelManifest> ResolveAsync(ModelReference model, CancellationToken cancellationToken) =>
        Task.FromResult(new ModelManifest(model, new string('a', 40),
            [new ModelFile("weights.bin", Content.Length, HasDigest ? Digest.Sha256(SHA256.HashData(Content)) : null)]));

    public Task<FileContent> OpenAsync(ModelManifest manifest, ModelFile file, FileRange range, CancellationToken cancellationToken)
    {
        OnOpen(range);
        Opened.Enqueue(range);
        if (Interlocked.Increment(ref _open) > Allowed)
        {
            Interlocked.Decrement(ref _open);
            throw new TransferInterruptedException(new RegistryUnreachableException("test", "it answers 503."));
        }
        InterlockedMax(ref _mostOpen, Volatile.Read(ref _open));
        var isOther = range.EntityTag is not null && range.EntityTag != EntityTag;
        var offset = IgnoresRanges || isOther ? 0 : range.Offset;
        var end = IgnoresRanges || isOther ? Content.Length : Math.Min(Content.Length, offset + (range.Length ?? Content.Length));
        return Task.FromResult(new FileContent(new Body(this, offset, end), offset, Content.Length)
        {
            EntityTag = EntityTag, IsPart = !IgnoresRanges && !isOther && range.Length is not null,
        });
    }

    public ModelStore Store(TestMachine machine) => new(machine.Environment(), [new RegistryEntry("one", "One file", _ => this)]);

    public async Task<byte[]> FetchAsync(TestMachine machine, IProgress<Progress>? progress = null, CancellationToken cancellationToken = default)
    {
        var store = Store(machine);
        var model = await store.ResolveAsync(new ModelReference("one", "name"), Lookup.Default, progress: null, CancellationToken.None);
        return await File.ReadAllBytesAsync((await store.FetchAsync(model, model.Manifest.Files, progress, cancellationToken)).Require("weights.bin"), CancellationToken.None);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = target; seen < value;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }

    private sealed class Body(RangedFile file, long offset, long end) : Stream
    {
        private readonly long _start = offset;
        private long _at = offset;
        private bool _closed;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var most = (int)Math.Min(buffer.Length, end - _at);
            if (file.BreakAfter is { } limit && (most = (int)Math.Min(most, limit - (_at - _start))) <= 0 && end > _at)
                throw new IOException("The connection broke.");
            if (file.Crawls is var (from, to) && _start >= from && _start < to)
            {
                most = Math.Min(most, 100);
                await Task.Delay(50, cancellationToken);
            }
            else if (file.BytesPerSecond is { } rate)
            {
                most = Math.Min(most, rate / 50);
                await Task.Delay(20, cancellationToken);
            }
            file.Content.AsMemory((int)_at, most).CopyTo(buffer);
            _at += most;
            Interlocked.Add(ref file._sent, most);
            return most;
        }

        protected override void Dispose(bool disposing)
        {
            if (!_closed)
                Interlocked.Decrement(ref file._open);
            _closed = true;
            base.Dispose(disposing);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
