namespace Gpux.Runtime.Tokenizers.Models;

/// <summary>The symbols of a word, merged pair by pair: always the pair of the lowest rank, and of equal ones the first.</summary>
internal sealed class MergeList
{
    private const int ShortWord = 32; // symbols up to which a scan beats a heap
    private Symbol[] _symbols = new Symbol[256];
    private ulong[] _heap = new ulong[256]; // rank and place, in heap order
    private int _heapCount;

    public int Count { get; private set; }

    public ReadOnlySpan<Symbol> Symbols => _symbols.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Add(int id, int length)
    {
        if (Count == _symbols.Length)
            Array.Resize(ref _symbols, Count * 2);
        _symbols[Count++] = new Symbol { Id = id, Length = length };
    }

    public void Merge(MergeTable merges)
    {
        if (Count < 2)
            return;
        for (var i = 0; i < Count - 1; i++)
            Rank(ref _symbols[i], _symbols[i + 1].Id, merges);
        _symbols[Count - 1].Rank = int.MaxValue;
        if (Count <= ShortWord)
            MergeByScan(merges);
        else
            MergeByHeap(merges);
    }

    private static void Rank(ref Symbol symbol, int next, MergeTable merges) =>
        symbol.Rank = merges.Find(symbol.Id, next, out symbol.Result);

    private void MergeByScan(MergeTable merges)
    {
        var symbols = _symbols;
        while (true)
        {
            var best = 0;
            for (var i = 1; i < Count; i++)
            {
                if (symbols[i].Rank < symbols[best].Rank)
                    best = i;
            }
            if (symbols[best].Rank == int.MaxValue)
                return;
            symbols[best].Id = symbols[best].Result;
            symbols[best].Length += symbols[best + 1].Length;
            Count--;
            symbols.AsSpan(best + 2, Count - best - 1).CopyTo(symbols.AsSpan(best + 1));
            if (best + 1 < Count)
                Rank(ref symbols[best], symbols[best + 1].Id, merges);
            else
                symbols[best].Rank = int.MaxValue;
            if (best > 0)
                Rank(ref symbols[best - 1], symbols[best].Id, merges);
        }
    }

    private void MergeByHeap(MergeTable merges)
    {
        var symbols = _symbols;
        _heapCount = 0;
        for (var i = 0; i < Count; i++)
        {
            symbols[i].Previous = i - 1;
            symbols[i].Next = i + 1;
            Push(symbols[i].Rank, i);
        }
        while (_heapCount > 0)
        {
            var top = Pop();
            var place = (int)(uint)top;
            ref var symbol = ref symbols[place];
            // What changed since it was pushed was pushed again.
            if (symbol.Length == 0 || symbol.Rank != (int)(top >> 32))
                continue;
            ref var next = ref symbols[symbol.Next];
            symbol.Id = symbol.Result;
            symbol.Length += next.Length;
            symbol.Next = next.Next;
            next.Length = 0;
            if (symbol.Next < Count)
            {
                symbols[symbol.Next].Previous = place;
                Rank(ref symbol, symbols[symbol.Next].Id, merges);
                Push(symbol.Rank, place);
            }
            else
            {
                symbol.Rank = int.MaxValue;
            }
            if (symbol.Previous >= 0)
            {
                Rank(ref symbols[symbol.Previous], symbol.Id, merges);
                Push(symbols[symbol.Previous].Rank, symbol.Previous);
            }
        }
        var count = 0;
        for (var i = 0; i < Count; i = symbols[i].Next)
            symbols[count++] = symbols[i];
        Count = count;
    }

    private void Push(int rank, int place)
    {
        if (rank == int.MaxValue)
            return;
        if (_heapCount == _heap.Length)
            Array.Resize(ref _heap, _heapCount * 2);
        var key = ((ulong)(uint)rank << 32) | (uint)place;
        var i = _heapCount++;
        while (i > 0 && _heap[(i - 1) / 2] > key)
        {
            _heap[i] = _heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        _heap[i] = key;
    }

    private ulong Pop()
    {
        var top = _heap[0];
        var key = _heap[--_heapCount];
        var i = 0;
        while (2 * i + 1 < _heapCount)
        {
            var child = 2 * i + 1;
            if (child + 1 < _heapCount && _heap[child + 1] < _heap[child])
                child++;
            if (_heap[child] >= key)
                break;
            _heap[i] = _heap[child];
            i = child;
        }
        _heap[i] = key;
        return top;
    }

    internal struct Symbol
    {
        public int Id;

        /// <summary>Bytes of the piece; 0: merged into the symbol before.</summary>
        public int Length;

        /// <summary>Of the merge with the next symbol, and what both become.</summary>
        public int Rank;
        public int Result;

        public int Previous;
        public int Next;
    }
}
