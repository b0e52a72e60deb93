using Gpux.Runtime.Tokenizers.Unicode;

namespace Gpux.Runtime.Tokenizers.Text;

/// <summary>
/// A stretch of text that normalizers rewrite, and, where offsets are wanted, for each byte the part of the original
/// that it comes from.
/// </summary>
/// <remarks>
/// The bookkeeping is that of NormalizedString in tokenizers 0.22: every emitted character says how many characters of the
/// text before it stands for. Its results are visible in published offsets, also where they are surprising, and so are kept.
/// </remarks>
internal sealed class AlignedText
{
    private byte[] _bytes = new byte[256];
    private byte[] _next = new byte[256];
    private int[] _starts = [];
    private int[] _ends = [];
    private int[] _nextStarts = [];
    private int[] _nextEnds = [];
    private int[] _changes = [];
    private int _nextLength;
    private int _emitted;
    private int _origin;

    public int Length { get; private set; }

    public bool IsTracked { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Of each byte, where the original character that it comes from starts; only where tracked.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Length);

    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Length);

    /// <summary>Takes a part of the original text, which starts <paramref name="origin"/> bytes after its beginning.</summary>
    public void Load(ReadOnlySpan<byte> text, int origin, bool tracked)
    {
        Length = 0;
        _origin = origin;
        IsTracked = tracked;
        Reserve(text.Length);
        text.CopyTo(_bytes);
        Length = text.Length;
        if (tracked)
            Identity(text, origin, _starts, _ends);
    }

    /// <summary>Takes a part of a text that was rewritten before.</summary>
    public void Load(ReadOnlySpan<byte> text, ReadOnlySpan<int> starts, ReadOnlySpan<int> ends, int origin)
    {
        Length = 0;
        _origin = origin;
        IsTracked = true;
        Reserve(text.Length);
        text.CopyTo(_bytes);
        starts.CopyTo(_starts);
        ends.CopyTo(_ends);
        Length = text.Length;
    }

    /// <summary>Writes where each byte's own character starts and ends.</summary>
    public static void Identity(ReadOnlySpan<byte> text, int origin, Span<int> starts, Span<int> ends)
    {
        for (var i = 0; i < text.Length;)
        {
            var length = Utf8.LengthOf(text[i]);
            starts.Slice(i, length).Fill(origin + i);
            ends.Slice(i, length).Fill(origin + i + length);
            i += length;
        }
    }

    /// <summary>Replaces bytes by as many others, one for one.</summary>
    public Span<byte> InPlace() => _bytes.AsSpan(0, Length);

    /// <summary>Starts a new version of the text, which <see cref="Commit"/> makes current.</summary>
    public void Begin()
    {
        _nextLength = 0;
        _emitted = 0;
    }

    /// <param name="codePoint">The next character of the new text.</param>
    /// <param name="change">1: inserted after the last one; 0: stands for one old character; -n: for that and n more.</param>
    public void Emit(int codePoint, int change)
    {
        if (_nextLength + 4 > _next.Length)
            Array.Resize(ref _next, _next.Length * 2);
        _nextLength += Utf8.Write(_next.AsSpan(_nextLength), codePoint);
        if (IsTracked)
            EmitChange(change);
    }

    /// <summary>Keeps a run of old characters.</summary>
    public void EmitUnchanged(ReadOnlySpan<byte> run)
    {
        while (_nextLength + run.Length > _next.Length)
            Array.Resize(ref _next, _next.Length * 2);
        run.CopyTo(_next.AsSpan(_nextLength));
        _nextLength += run.Length;
        for (var count = IsTracked ? Utf8.Count(run) : 0; count > 0; count--)
            EmitChange(0);
    }

    /// <summary>Adds to the change of the character emitted last, if there is one.</summary>
    public void AdjustLast(int change)
    {
        if (IsTracked && _emitted > 0)
            _changes[_emitted - 1] += change;
    }

    public bool HasEmitted => _nextLength > 0;

    /// <param name="skipped">Characters of the old text before the first one that an emitted character stands for.</param>
    public void Commit(int skipped = 0)
    {
        if (IsTracked)
            Align(skipped, 0, Length);
        Swap();
    }

    /// <summary>Puts <paramref name="prefix"/> in front, as part of the first character; does nothing to empty text.</summary>
    public void Prepend(ReadOnlySpan<byte> prefix)
    {
        if (Length == 0 || prefix.IsEmpty)
            return;
        Reserve(Length + prefix.Length);
        _bytes.AsSpan(0, Length).CopyTo(_bytes.AsSpan(prefix.Length));
        prefix.CopyTo(_bytes);
        if (IsTracked)
        {
            Insert(_starts, prefix.Length, _starts[0]);
            Insert(_ends, prefix.Length, _ends[0]);
        }
        Length += prefix.Length;

        void Insert(int[] values, int count, int value)
        {
            values.AsSpan(0, Length).CopyTo(values.AsSpan(count));
            values.AsSpan(0, count).Fill(value);
        }
    }

    /// <summary>Takes every <paramref name="suffix"/> off the end, but for the last one if that is to be kept.</summary>
    public void TrimEnd(ReadOnlySpan<byte> suffix, bool keepsLast)
    {
        var length = Length;
        while (_bytes.AsSpan(0, length).EndsWith(suffix))
            length -= suffix.Length;
        Length = keepsLast && length < Length ? length + suffix.Length : length;
    }

    /// <summary>Replaces every match by <paramref name="content"/>, which stands for the last character of the match.</summary>
    public void Replace(MatchList matches, ReadOnlySpan<byte> content)
    {
        Begin();
        var end = 0;
        foreach (var match in matches.Matches)
        {
            if (!match.IsMatch)
                continue;
            Copy(end, match.Start);
            ReserveNext(content.Length);
            content.CopyTo(_next.AsSpan(_nextLength));
            if (IsTracked)
            {
                _nextStarts.AsSpan(_nextLength, content.Length).Fill(match.End == 0 ? _origin : _starts[match.End - 1]);
                _nextEnds.AsSpan(_nextLength, content.Length).Fill(match.End == 0 ? _origin : _ends[match.End - 1]);
            }
            _nextLength += content.Length;
            end = match.End;
        }
        Copy(end, Length);
        Swap();
    }

    private void Copy(int start, int end)
    {
        var length = end - start;
        ReserveNext(length);
        _bytes.AsSpan(start, length).CopyTo(_next.AsSpan(_nextLength));
        if (IsTracked)
        {
            _starts.AsSpan(start, length).CopyTo(_nextStarts.AsSpan(_nextLength));
            _ends.AsSpan(start, length).CopyTo(_nextEnds.AsSpan(_nextLength));
        }
        _nextLength += length;
    }

    private void EmitChange(int change)
    {
        if (_emitted == _changes.Length)
            Array.Resize(ref _changes, Math.Max(256, _changes.Length * 2));
        _changes[_emitted++] = change;
    }

    private void Align(int skipped, int position, int end)
    {
        ReserveNext(0);
        position = Skip(position, end, skipped);
        var offset = 0;
        for (var i = 0; i < _emitted; i++)
        {
            var change = _changes[i];
            var at = change > 0 ? position - 1 : Math.Min(position, end - 1);
            var (start, stop) = at < 0 ? (_origin, _origin) : (_starts[at], _ends[at]);
            if (change <= 0)
                position = Skip(position, end, 1 - change);
            for (var length = Utf8.LengthOf(_next[offset]); length > 0; length--, offset++)
                (_nextStarts[offset], _nextEnds[offset]) = (start, stop);
        }
    }

    private int Skip(int position, int end, int characters)
    {
        for (; characters > 0 && position < end; characters--)
            position += Utf8.LengthOf(_bytes[position]);
        return position;
    }

    private void Reserve(int length)
    {
        if (_bytes.Length < length)
            Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
        if (IsTracked && _starts.Length < _bytes.Length)
        {
            Array.Resize(ref _starts, _bytes.Length);
            Array.Resize(ref _ends, _bytes.Length);
        }
    }

    private void ReserveNext(int more)
    {
        if (_next.Length < _nextLength + more)
            Array.Resize(ref _next, Math.Max(_nextLength + more, _next.Length * 2));
        if (IsTracked && _nextStarts.Length < _next.Length)
        {
            Array.Resize(ref _nextStarts, _next.Length);
            Array.Resize(ref _nextEnds, _next.Length);
        }
    }

    private void Swap()
    {
        (_bytes, _next) = (_next, _bytes);
        (_starts, _nextStarts) = (_nextStarts, _starts);
        (_ends, _nextEnds) = (_nextEnds, _ends);
        Length = _nextLength;
        if (IsTracked)
            Reserve(_bytes.Length);
    }
}
