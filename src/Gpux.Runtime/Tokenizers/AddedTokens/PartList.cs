namespace Gpux.Runtime.Tokenizers.AddedTokens;

/// <summary>The parts that added tokens cut a text into.</summary>
internal sealed class PartList
{
    private Part[] _parts = new Part[16];

    public int Count { get; private set; }

    public Part this[int index] => _parts[index];

    public void Clear() => Count = 0;

    /// <summary>Forgets all parts from <paramref name="count"/> on.</summary>
    public void Truncate(int count) => Count = count;

    public void Add(int start, int end, int id)
    {
        if (Count == _parts.Length)
            Array.Resize(ref _parts, Count * 2);
        _parts[Count++] = new Part(start, end, id);
    }

    /// <param name="Id">Of the added token; negative: none.</param>
    internal readonly record struct Part(int Start, int End, int Id);
}
