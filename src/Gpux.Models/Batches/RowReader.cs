namespace Gpux.Models.Batches;

/// <summary>Cuts a file into rows at the ends of lines, in CSV not at those within quotes. What is too long is skipped, not kept.</summary>
internal sealed class RowReader : IDisposable
{
    private const int BufferBytes = 1 << 16;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly string? _delimiters;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly ByteList _row = new();
    private int _at, _end;
    private long _line = 1, _position;

    /// <param name="delimiters">What may stand before a field in quotation marks, to which ends of lines between them belong; null if
    /// there are no such fields.</param>
    /// <exception cref="BatchInputException">The file cannot be opened, or is in UTF-16.</exception>
    public RowReader(string path, string? delimiters = null)
    {
        (_path, _delimiters) = (path, delimiters);
        try
        {
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1);
            Fill();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(exception);
        }
        var start = _buffer.AsSpan(0, _end);
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || start.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            _file.Dispose();
            throw new BatchInputException(path, "it is in UTF-16.", $"Write it in UTF-8: iconv -f UTF-16 -t UTF-8 '{path}' > utf8{Path.GetExtension(path)}");
        }
        if (start.StartsWith("\uFEFF"u8))
            (_at, _position) = (3, 3);
    }

    /// <summary>The next row without its end of line.</summary>
    /// <exception cref="BatchInputException">The file cannot be read on.</exception>
    public bool TryRead(out RowBytes row)
    {
        _row.Clear();
        var (line, length, isQuoted, wasQuoted) = (_line, 0L, false, false);
        var last = (byte)'\0';
        while (true)
        {
            if (_at == _end && !Refill())
            {
                row = Row(line, length, isQuoted);
                return length > 0;
            }
            var rest = _buffer.AsSpan(_at, _end - _at);
            var stop = _delimiters is not null ? rest.IndexOfAny((byte)'\n', (byte)'"') : rest.IndexOf((byte)'\n');
            var taken = stop < 0 ? rest.Length : stop + 1;
            if (length + taken <= RowSource.LongestRowBytes)
                _row.Add(rest[..taken]);
            (_at, _position, length) = (_at + taken, _position + taken, length + taken);
            var before = stop > 0 ? rest[stop - 1] : last;
            last = rest[taken - 1];
            if (stop < 0)
            {
                wasQuoted = false;
                continue;
            }
            if (last == '\n')
            {
                _line++;
                if (!isQuoted)
                {
                    row = Row(line, length, isOpen: false);
                    return true;
                }
            }
            else if (isQuoted)
            {
                (isQuoted, wasQuoted) = (false, true);
                continue;
            }
            // Elsewhere than at the start of a field a quotation mark is a letter; two within quotes are one.
            else if (length == 1 || _delimiters!.Contains((char)before) || (wasQuoted && stop == 0)) // it has quotes
                isQuoted = true;
            wasQuoted = false;
        }
    }

    public void Dispose() => _file.Dispose();

    private RowBytes Row(long line, long length, bool isOpen)
    {
        var bytes = _row.Written;
        if (bytes.Span is [.., (byte)'\n'])
            bytes = bytes[..^1];
        if (bytes.Span is [.., (byte)'\r'])
            bytes = bytes[..^1];
        return new RowBytes(bytes, line, _position, length > RowSource.LongestRowBytes, isOpen);
    }

    private bool Refill()
    {
        try
        {
            Fill();
            return _end > 0;
        }
        catch (IOException exception)
        {
            throw Unreadable(exception);
        }
    }

    private void Fill() => (_at, _end) = (0, _file.Read(_buffer));

    private BatchInputException Unreadable(Exception exception) => new(_path, exception.Message, "Check that the file is there and may be read.", exception);

    private sealed class ByteList
    {
        private byte[] _bytes = new byte[1 << 10];
        private int _count;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

        public void Clear() => _count = 0;

        public void Add(ReadOnlySpan<byte> bytes)
        {
            if (_count + bytes.Length > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(_count + bytes.Length, 2 * _bytes.Length));
            bytes.CopyTo(_bytes.AsSpan(_count));
            _count += bytes.Length;
        }
    }
}
