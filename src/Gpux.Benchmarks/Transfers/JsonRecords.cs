using System.Buffers;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Reads JSON values one at a time: the elements of an array, or one a line. What the values hold is for others to say.</summary>
internal sealed class JsonRecords : IDisposable
{
    private const string NoEnd = "its array has no end.";

    private static readonly SearchValues<byte> Brackets = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> ScalarEnds = SearchValues.Create(",]} \t\r\n"u8);

    private readonly RecordStream _stream;
    private readonly bool _isArray;
    private bool _isFirst = true;

    /// <param name="file">Its values are taken for one a line unless it begins with a bracket.</param>
    public JsonRecords(SourceFile file)
    {
        _stream = new RecordStream(file);
        _stream.SkipByteOrderMark();
        _stream.Skip(Space);
        _isArray = !_stream.Unread.IsEmpty && _stream.Unread.Span[0] == '[';
        if (_isArray)
            _stream.Take(1);
    }

    /// <summary>The bytes of the value at hand, until the next is read.</summary>
    public ReadOnlyMemory<byte> Value { get; private set; }

    private static ReadOnlySpan<byte> Space => " \t\r\n"u8;

    /// <returns>False at the end.</returns>
    /// <exception cref="UnreadableResultFileException">The array is damaged between two values, or a value is too large.</exception>
    public bool Read()
    {
        _stream.Take(Value.Length);
        Value = default;
        _stream.Skip(Space);
        if (_isArray ? !MoveToElement() : _stream.Unread.IsEmpty)
            return false;
        int length;
        while ((length = _isArray ? ElementLength(_stream.Unread.Span) : _stream.Unread.Span.IndexOf((byte)'\n')) < 0 && _stream.ReadMore())
        {
        }
        if (length < 0 && _isArray)
            _stream.ThrowDamaged(NoEnd);
        Value = length < 0 ? _stream.Unread : _stream.Unread[..length];
        return true;
    }

    public void Dispose() => _stream.Dispose();

    /// <returns>False at the end of the array.</returns>
    private bool MoveToElement()
    {
        if (_stream.Unread.IsEmpty)
            _stream.ThrowDamaged(NoEnd);
        if (_stream.Unread.Span[0] == ']')
        {
            _stream.Take(1);
            _stream.Skip(Space);
            if (!_stream.Unread.IsEmpty)
                _stream.ThrowDamaged("something stands behind its array.");
            return false;
        }
        if (!_isFirst)
        {
            if (_stream.Unread.Span[0] != ',')
                _stream.ThrowDamaged("two elements of its array have no comma between them.");
            _stream.Take(1);
            _stream.Skip(Space);
            if (_stream.Unread.IsEmpty)
                _stream.ThrowDamaged(NoEnd);
        }
        _isFirst = false;
        return true;
    }

    /// <returns>Below 0 where nothing that was read ends the element.</returns>
    private static int ElementLength(ReadOnlySpan<byte> text)
    {
        if (text[0] is not ((byte)'{' or (byte)'[' or (byte)'"'))
            return text.IndexOfAny(ScalarEnds) is not 0 and var end ? end : 1;
        var depth = 0;
        for (var at = 0; ; at++)
        {
            var next = text[at..].IndexOfAny(Brackets);
            if (next < 0)
                return -1;
            at += next;
            if (text[at] == '"')
            {
                if ((at = StringEnd(text, at + 1)) < 0)
                    return -1;
            }
            else
            {
                depth += text[at] is (byte)'{' or (byte)'[' ? 1 : -1;
            }
            if (depth == 0)
                return at + 1;
        }
    }

    private static int StringEnd(ReadOnlySpan<byte> text, int at)
    {
        while (text[at..].IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var next)
        {
            at += next;
            if (text[at] == '"')
                return at;
            at += 2;
            if (at > text.Length)
                return -1;
        }
        return -1;
    }
}
