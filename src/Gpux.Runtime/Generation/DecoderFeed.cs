namespace Gpux.Runtime.Generation;

/// <summary>Feeds a decoder, and keeps what its steps need besides tokens: attention mask and positions.</summary>
/// <param name="attended">For each token of the prompt, whether it is no padding.</param>
/// <param name="copies">How many rows follow each row of the prompt. The prompt is read once for all of them.</param>
internal sealed class DecoderFeed(IDecoder decoder, TokenBatch prompt, bool[] attended, int copies)
{
    private readonly int _rows = prompt.Rows * copies;
    private readonly long[] _ids = new long[prompt.Rows * copies];
    private readonly long[] _positions = new long[prompt.Rows * copies];
    // [rows, length], in an array that may be longer.
    private long[] _mask = [];
    private int _length;

    /// <returns>The logits of each row after the prompt, as those of <see cref="IDecoder.Step"/>.</returns>
    public Span<float> ReadPrompt()
    {
        decoder.Reset();
        if (decoder.Rows != 0 && decoder.Rows != prompt.Rows)
            throw new ArgumentException($"The prompt has {prompt.Rows} rows, the encoder's batch {decoder.Rows}.");

        var (ids, mask, positions) = (new long[prompt.Ids.Length], new long[prompt.Ids.Length], new long[prompt.Ids.Length]);
        for (var row = 0; row < prompt.Rows; row++)
        {
            long tokens = 0;
            for (var i = row * prompt.Length; i < (row + 1) * prompt.Length; i++)
            {
                ids[i] = prompt.Ids[i];
                mask[i] = attended[i] ? 1 : 0;
                tokens += mask[i];
                positions[i] = Math.Max(tokens - 1, 0);
            }
        }
        _length = prompt.Length;
        _mask = mask;
        var logits = Checked(decoder.Step(new DecoderInput(prompt.Rows, ids, mask, positions)), prompt.Rows);
        for (var row = 0; row < _rows; row++)
            _positions[row] = positions[(row / copies + 1) * _length - 1];
        return copies == 1 ? logits : Copy(logits);
    }

    /// <param name="tokens">One for each row.</param>
    public Span<float> Read(ReadOnlySpan<int> tokens)
    {
        GrowMask();
        for (var row = 0; row < _rows; row++)
        {
            _ids[row] = tokens[row];
            _positions[row]++;
        }
        return Checked(decoder.Step(new DecoderInput(_rows, _ids, _mask.AsSpan(0, _rows * _length), _positions)), _rows);
    }

    /// <summary>Makes rows continue others. They must stem from one row of the prompt, whose mask and positions they share.</summary>
    public void Reorder(ReadOnlySpan<int> rows)
    {
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] == row)
                continue;
            decoder.Reorder(rows);
            return;
        }
    }

    private Span<float> Copy(ReadOnlySpan<float> logits)
    {
        var vocabulary = decoder.VocabularySize;
        var copied = new float[checked(_rows * vocabulary)];
        var mask = new long[checked(_rows * _length)];
        var sources = new int[_rows];
        for (var row = 0; row < _rows; row++)
        {
            var source = row / copies;
            sources[row] = source;
            logits.Slice(source * vocabulary, vocabulary).CopyTo(copied.AsSpan(row * vocabulary));
            _mask.AsSpan(source * _length, _length).CopyTo(mask.AsSpan(row * _length));
        }
        _mask = mask;
        decoder.Reorder(sources);
        return copied;
    }

    private void GrowMask()
    {
        var (from, to) = (_mask, _mask);
        if (_mask.Length < _rows * (_length + 1L))
            to = new long[checked(_rows * (_length + 1 + _length / 2))];
        // From the last row on, so that in place no row is written over before it has moved.
        for (var row = _rows - 1; row >= 0; row--)
        {
            Array.Copy(from, row * _length, to, row * (_length + 1), _length);
            to[row * (_length + 1) + _length] = 1;
        }
        _mask = to;
        _length++;
    }

    private Span<float> Checked(Span<float> logits, int rows) => logits.Length == (long)rows * decoder.VocabularySize ? logits
        : throw new InvalidOperationException($"The decoder returned {logits.Length} logits, not {rows} times {decoder.VocabularySize}.");
}
