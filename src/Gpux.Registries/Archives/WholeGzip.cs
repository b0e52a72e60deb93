using System.IO.Compression;

namespace Gpux.Registries.Archives;

/// <summary>Decompresses gzip, and tells one that was cut short: the framework's reader takes that for the end.</summary>
/// <remarks>A member of our own is read behind those of the file. It comes out as it went in only if all before it were whole, checksums and
/// all, and nothing else follows them.</remarks>
internal sealed class WholeGzip : ReadOnlyStream
{
    private const int MarkBytes = 16;

    private readonly byte[] _mark = new byte[MarkBytes];
    private readonly GZipStream _gzip;
    // What has come out and may be the mark.
    private readonly byte[] _held = new byte[1 << 17];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <param name="file">Disposed with this.</param>
    public WholeGzip(Stream file)
    {
        Random.Shared.NextBytes(_mark);
        var member = new MemoryStream();
        using (var gzip = new GZipStream(member, CompressionLevel.NoCompression, leaveOpen: true))
            gzip.Write(_mark);
        member.Position = 0;
        _gzip = new GZipStream(new OneAfterAnother(file, member), CompressionMode.Decompress);
    }

    /// <exception cref="InvalidDataException">It is damaged, or something follows it.</exception>
    /// <exception cref="EndOfStreamException">It was cut short.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!_isAtEnd && _end - _start <= MarkBytes)
            Fill();
        var count = Math.Min(buffer.Length, _end - _start - (_isAtEnd ? 0 : MarkBytes));
        _held.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    private void Fill()
    {
        _held.AsSpan(_start, _end - _start).CopyTo(_held);
        (_start, _end) = (0, _end - _start);
        var read = _gzip.Read(_held.AsSpan(_end));
        _end += read;
        if (read > 0)
            return;
        if (_end != MarkBytes || !_held.AsSpan(0, _end).SequenceEqual(_mark))
            throw new EndOfStreamException();
        (_end, _isAtEnd) = (0, true);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _gzip.Dispose();
        base.Dispose(disposing);
    }

    private sealed class OneAfterAnother(Stream first, Stream second) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer) => first.Read(buffer) is > 0 and var read ? read : second.Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                first.Dispose();
            base.Dispose(disposing);
        }
    }
}
