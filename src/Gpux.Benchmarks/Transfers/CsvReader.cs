using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Gpux.Benchmarks.Transfers;

/// <summary>Reads a table as text, a row at a time: fields with a delimiter between them, in quotes where they hold one, a quote or a line end (RFC 4180).</summary>
/// <remarks>Lines end as on any system. Empty lines are none. A quote within a field that does not begin with one is a character as others are.</remarks>
internal sealed class CsvReader : IDisposable
{
    private readonly RecordStream _stream;
    private readonly byte _delimiter;
    private readonly SearchValues<byte> _fieldEnds;
    private readonly Field[] _fields;
    private readonly RepeatedText[] _texts;
    private ReadOnlyMemory<byte> _row;
    private int _count;
    private string? _problem;

    public CsvReader(SourceFile file, CsvHeading heading)
    {
        _stream = new RecordStream(file);
        _delimiter = (byte)heading.Delimiter;
        _fieldEnds = SearchValues.Create([_delimiter, (byte)'\r', (byte)'\n']);
        _fields = new Field[heading.Columns.Count];
        _texts = [.. heading.Columns.Select(_ => new RepeatedText())];
        _stream.SkipByteOrderMark();
        NextRow(); // the heading
    }

    private readonly record struct Field(int Start, int Length, bool IsQuoted, bool HasQuotes);

    /// <summary>Moves to the next row.</summary>
    /// <param name="problem">Why it is no row of the table; null where it is one.</param>
    /// <returns>False at the end.</returns>
    public bool Read(out string? problem)
    {
        do
        {
            problem = null;
            if (!NextRow())
                return false;
        }
        while (_count == 1 && _fields[0] is { Length: 0, IsQuoted: false });
        if (_problem is not null)
            problem = _problem;
        else if (_count != _fields.Length)
            problem = string.Create(CultureInfo.InvariantCulture, $"it has {_count} fields, and the heading {_fields.Length}");
        else if (!Utf8.IsValid(_row.Span))
            problem = "it is no UTF-8";
        return true;
    }

    /// <summary>Whether the field is empty, and not written as an empty text.</summary>
    public bool IsMissing(int column) => _fields[column] is { Length: 0, IsQuoted: false };

    /// <summary>A field as it stands there: without the quotes around it, with those within it doubled.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => _row.Span.Slice(_fields[column].Start, _fields[column].Length);

    public string Text(int column) => _fields[column].HasQuotes
        ? Encoding.UTF8.GetString(Bytes(column)).Replace("\"\"", "\"", StringComparison.Ordinal) : _texts[column].Of(Bytes(column));

    public void Dispose() => _stream.Dispose();

    private bool NextRow()
    {
        _stream.Take(_row.Length);
        int length;
        while ((length = Parse(_stream.Unread.Span)) < 0)
            _stream.ReadMore();
        _row = _stream.Unread[..length];
        return length > 0;
    }

    /// <returns>How many bytes the row has, its line end included; 0 at the end of the file; below 0 where more of it must be read to know.</returns>
    private int Parse(ReadOnlySpan<byte> text)
    {
        (_count, _problem) = (0, null);
        for (var at = 0; ; at++) // behind the delimiter
        {
            var end = at < text.Length && text[at] == '"' ? QuotedField(text, at) : PlainField(text, at);
            // At the end of what was read, the field or its line end may go on.
            if ((end < 0 || end >= text.Length - 1) && !_stream.IsAtEnd)
                return -1;
            at = end < 0 ? text.Length : end;
            if (at == text.Length)
                return at;
            if (text[at] != _delimiter)
                return at + (text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 2 : 1);
        }
    }

    /// <returns>Where it ends; below 0 if nothing that was read ends it.</returns>
    private int PlainField(ReadOnlySpan<byte> text, int at)
    {
        var length = text[at..].IndexOfAny(_fieldEnds);
        Add(new Field(at, length < 0 ? text.Length - at : length, false, false));
        return length < 0 ? -1 : at + length;
    }

    private int QuotedField(ReadOnlySpan<byte> text, int at)
    {
        var (start, hasQuotes) = (at + 1, false);
        for (at = start; ; at += 2, hasQuotes = true)
        {
            var length = text[at..].IndexOf((byte)'"');
            if (length < 0)
            {
                _problem ??= "a quoted text has no end";
                Add(new Field(start, text.Length - start, true, hasQuotes));
                return -1;
            }
            at += length;
            if (at + 1 >= text.Length || text[at + 1] != '"')
                break;
        }
        Add(new Field(start, at - start, true, hasQuotes));
        var rest = text[(at + 1)..].IndexOfAny(_fieldEnds);
        if (rest > 0 || rest < 0 && at + 1 < text.Length)
            _problem ??= "text stands behind a closing quote";
        return rest < 0 ? -1 : at + 1 + rest;
    }

    private void Add(Field field)
    {
        if (_count < _fields.Length)
            _fields[_count] = field;
        _count++;
    }
}
