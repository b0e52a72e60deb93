namespace Gpux.Runtime.Generation;

/// <summary>Rows of tokens that grow together, one token at a time.</summary>
internal sealed class TokenRows(int rows, int length)
{
    private const int Growth = 32;
    private int[] _ids = new int[checked(rows * (length + Growth))];
    private int[] _spare = [];
    private int _stride = length + Growth;

    public int Length { get; private set; } = length;

    public Span<int> this[int row] => _ids.AsSpan(row * _stride, Length);

    public void Append(ReadOnlySpan<int> tokens)
    {
        if (Length == _stride)
            Widen();
        Length++;
        for (var row = 0; row < rows; row++)
            this[row][^1] = tokens[row];
    }

    /// <summary>Makes row i what row <paramref name="parents"/>[i] was, and appends a token.</summary>
    public void Continue(ReadOnlySpan<int> parents, ReadOnlySpan<int> tokens)
    {
        if (_spare.Length != _ids.Length)
            _spare = new int[_ids.Length];
        for (var row = 0; row < rows; row++)
            this[parents[row]].CopyTo(_spare.AsSpan(row * _stride));
        (_ids, _spare) = (_spare, _ids);
        Append(tokens);
    }

    private void Widen()
    {
        var stride = (int)Math.Min(2L * _stride, Array.MaxLength / rows);
        var ids = new int[rows * stride];
        for (var row = 0; row < rows; row++)
            this[row].CopyTo(ids.AsSpan(row * stride));
        (_ids, _stride) = (ids, stride);
    }
}
