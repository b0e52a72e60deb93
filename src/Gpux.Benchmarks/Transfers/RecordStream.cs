using System.Diagnostics.CodeAnalysis;

namespace Gpux.Benchmarks.Transfers;

/// <summary>The bytes of a file from where its reader stands: as many as the record at hand needs lie in memory, and no more.</summary>
internal sealed class RecordStream(SourceFile file) : IDisposable
{
    /// <summary>No row is larger; one with its raw values may have some megabytes.</summary>
    public const int MaxRecordBytes = 16 << 20;

    private const int FirstBytes = 1 << 18;

    private readonly Stream _stream = file.OpenContent();
    private byte[] _buffer = new byte[FirstBytes];
    private int _start;
    private int _end;

    /// <summary>Whether nothing comes behind <see cref="Unread"/>.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>What was read of the file and not taken yet, until the next call of <see cref="ReadMore"/>.</summary>
    public ReadOnlyMemory<byte> Unread => _buffer.AsMemory(_start, _end - _start);

    /// <returns>False at the end of the file.</returns>
    /// <exception cref="UnreadableResultFileException">A record is too large.</exception>
    public bool ReadMore()
    {
        if (IsAtEnd)
            return false;
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            if (_end >= MaxRecordBytes)
                throw new UnreadableResultFileException(file.Path, $"a row has more than {MaxRecordBytes:N0} bytes.", "Write it without the values of single requests.");
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        }
        var count = _stream.Read(_buffer.AsSpan(_end));
        _end += count;
        IsAtEnd = count == 0;
        return !IsAtEnd;
    }

    /// <summary>Moves behind so many of the unread bytes.</summary>
    public void Take(int count) => _start += count;

    /// <summary>Moves behind bytes that may stand here, such as white space.</summary>
    public void Skip(ReadOnlySpan<byte> bytes)
    {
        do
        {
            var other = Unread.Span.IndexOfAnyExcept(bytes);
            Take(other < 0 ? Unread.Length : other);
        }
        while (Unread.IsEmpty && ReadMore());
    }

    /// <summary>Moves behind the mark that some programs put before UTF-8.</summary>
    public void SkipByteOrderMark()
    {
        while (Unread.Length < 3 && ReadMore())
        {
        }
        if (Unread.Span.StartsWith(System.Text.Encoding.UTF8.Preamble))
            Take(3);
    }

    [DoesNotReturn]
    public void ThrowDamaged(string detail) =>
        throw new UnreadableResultFileException(file.Path, detail, "Check the file: it is damaged, or not what its beginning says.");

    public void Dispose() => _stream.Dispose();
}
