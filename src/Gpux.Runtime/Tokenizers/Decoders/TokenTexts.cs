namespace Gpux.Runtime.Tokenizers.Decoders;

/// <summary>The UTF-8 of tokens, one behind the other, and what a decoder makes of them.</summary>
internal sealed class TokenTexts
{
    private Buffer _current = new();
    private Buffer _next = new();

    public int Count => _current.Count;

    /// <summary>All texts without anything between them.</summary>
    public ReadOnlySpan<byte> Joined => _current.Bytes;

    public ReadOnlySpan<byte> this[int index] => _current[index];

    public void Clear() => _current.Clear();

    /// <summary>Adds a token before any decoder saw it.</summary>
    public void Add(ReadOnlySpan<byte> text)
    {
        _current.Write(text);
        _current.End();
    }

    /// <summary>Adds to the text that <see cref="End"/> will make one of the next version.</summary>
    public void Write(ReadOnlySpan<byte> text) => _next.Write(text);

    public void Write(byte value) => _next.Write(value);

    /// <summary>Ends a text of the next version.</summary>
    public void End() => _next.End();

    /// <summary>Makes the next version the current one.</summary>
    public void Commit()
    {
        (_current, _next) = (_next, _current);
        _next.Clear();
    }

    private sealed class Buffer
    {
        private byte[] _bytes = new byte[256];
        private int[] _ends = new int[64];
        private int _length;

        public int Count { get; private set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

        public ReadOnlySpan<byte> this[int index]
        {
            get
            {
                var start = index == 0 ? 0 : _ends[index - 1];
                return _bytes.AsSpan(start, _ends[index] - start);
            }
        }

        public void Clear()
        {
            _length = 0;
            Count = 0;
        }

        public void Write(ReadOnlySpan<byte> text)
        {
            if (_length + text.Length > _bytes.Length)
                Array.Resize(ref _bytes, Math.Max(_length + text.Length, _bytes.Length * 2));
            text.CopyTo(_bytes.AsSpan(_length));
            _length += text.Length;
        }

        public void Write(byte value)
        {
            if (_length == _bytes.Length)
                Array.Resize(ref _bytes, _bytes.Length * 2);
            _bytes[_length++] = value;
        }

        public void End()
        {
            if (Count == _ends.Length)
                Array.Resize(ref _ends, Count * 2);
            _ends[Count++] = _length;
        }
    }
}
