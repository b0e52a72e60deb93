using static Gpux.Benchmarks.Roofline.OperatorShapes;

namespace Gpux.Benchmarks.Roofline;

/// <summary>Operators that multiply matrices: products, attention, recurrent layers.</summary>
internal static class ProductShapes
{
    public static KnownTensor[]? Infer(Operation op)
    {
        switch (op.Type)
        {
            case "MatMul" or "FusedMatMul" or "MatMulInteger" or "MatMulIntegerToFloat" or "DynamicQuantizeMatMul" or "QLinearMatMul" or "FusedMatMulActivation":
                return [Product(op).Result(ResultType(op))];
            case "Gemm" or "FusedGemm":
                return One(op.Input(0).Type, op.Input(0).Dim(op.Int("transA") != 0 ? 1 : 0), op.Input(1).Dim(op.Int("transB") != 0 ? 0 : 1));
            case "MatMulNBits" or "MatMulBnb4" or "MatMulFpQ4":
                return One(op.Input(0).Type, [.. op.Dims(0)[..^1], op.Int("N")]);
            case "Einsum":
                return One(op.Input(0).Type, EinsumEquation.Of(op).Result);
            case "Attention" or "MultiHeadAttention" or "GroupQueryAttention":
                return AttentionShape.Of(op) is { } shape ? shape.Results(op) : null;
            case "LSTM" or "GRU" or "RNN":
                return Recurrent(op);
            default:
                return null;
        }
    }

    /// <summary>The three extents of a product of matrices, and how many there are.</summary>
    /// <param name="Batch">What precedes the last two axes.</param>
    internal sealed record MatrixProduct(long[] Batch, long Rows, long Inner, long Columns, bool LeftIsVector, bool RightIsVector)
    {
        public KnownTensor Result(ElementType type) => new(type, [.. Batch, .. LeftIsVector ? (long[])[] : [Rows], .. RightIsVector ? (long[])[] : [Columns]]);
    }

    internal static MatrixProduct Product(Operation op)
    {
        var (left, right) = (op.Dims(0), op.Dims(op.Type == "QLinearMatMul" ? 3 : 1));
        if (left.Length == 0 || right.Length == 0)
            throw new ArgumentException("a number is no matrix");
        // A vector is a row on the left and a column on the right.
        var (isRow, isColumn) = (left.Length == 1, right.Length == 1);
        left = isRow ? [1, left[0]] : left;
        right = isColumn ? [right[0], 1] : right;
        var isFused = op.Type.StartsWith("FusedMatMul", StringComparison.Ordinal);
        // transBatch: the matrix's rows (or columns) lie on the first axis, before the batch.
        (left, right) = (Ordered(left, isFused && op.Int("transBatchA") != 0, isFused && op.Int("transA") != 0),
            Ordered(right, isFused && op.Int("transBatchB") != 0, isFused && op.Int("transB") != 0));
        if (left[^1] >= 0 && right[^2] >= 0 && left[^1] != right[^2])
            throw new ArgumentException($"[{string.Join(", ", left)}] cannot be multiplied by [{string.Join(", ", right)}]");
        return new MatrixProduct(Broadcast(left[..^2], right[..^2]), left[^2], left[^1] >= 0 ? left[^1] : right[^2], right[^1], isRow, isColumn);
    }

    private static long[] Ordered(long[] dims, bool firstIsRow, bool transposed)
    {
        long[] ordered = firstIsRow ? [.. dims[1..^1], dims[0], dims[^1]] : [.. dims];
        if (transposed)
            (ordered[^1], ordered[^2]) = (ordered[^2], ordered[^1]);
        return ordered;
    }

    private static ElementType ResultType(Operation op) => op.Type switch
    {
        "MatMulInteger" => ElementType.Int32,
        "MatMulIntegerToFloat" or "DynamicQuantizeMatMul" => ElementType.Float32,
        "QLinearMatMul" => op.Input(7).Type,
        _ => op.Input(0).Type,
    };

    private static KnownTensor[] Recurrent(Operation op)
    {
        var (dims, hidden) = (op.Dims(0), op.Has("hidden_size") ? op.Int("hidden_size") : op.Input(2).Dim(-1));
        var directions = op.Dims(1)[0];
        var batchFirst = op.Int("layout") != 0;
        var (length, batch) = batchFirst ? (dims[1], dims[0]) : (dims[0], dims[1]);
        var type = op.Input(0).Type;
        KnownTensor all = new(type, batchFirst ? [batch, length, directions, hidden] : [length, directions, batch, hidden]);
        KnownTensor last = new(type, batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]);
        return [all, last, last];
    }
}

/// <summary>An einsum with the extents of its letters.</summary>
internal sealed class EinsumEquation
{
    private readonly Dictionary<string, long> _extents = [];
    private readonly List<string> _result;

    private EinsumEquation(List<string> result) => _result = result;

    public long[] Result => [.. _result.Select(letter => _extents[letter])];

    /// <summary>Every combination of all letters: a product of each is added up.</summary>
    public long Combinations => Extent.Product([.. _extents.Values]);

    public static EinsumEquation Of(Operation op)
    {
        var sides = op.Text("equation").Replace(" ", "", StringComparison.Ordinal).Split("->");
        var terms = sides[0].Split(',');
        if (terms.Length != op.InputCount)
            throw new ArgumentException($"'{op.Text("equation")}' is not about {op.InputCount} inputs");
        List<string>[] letters = [.. terms.Select((term, i) => Letters(term, op.Dims(i).Length))];
        // Without an arrow: letters that occur once, in their order.
        var result = sides.Length > 1 ? Letters(sides[1], letters.Max(each => each.Count(letter => letter.StartsWith('.'))), isResult: true)
            : letters.SelectMany(each => each).GroupBy(letter => letter).Where(group => group.Count() == 1 || group.Key.StartsWith('.')).Select(group => group.Key)
                .Order(StringComparer.Ordinal).ToList();
        var equation = new EinsumEquation(result);
        for (var i = 0; i < terms.Length; i++)
        {
            for (var axis = 0; axis < letters[i].Count; axis++)
            {
                var (letter, extent) = (letters[i][axis], op.Dims(i)[axis]);
                if (!equation._extents.TryGetValue(letter, out var known) || known is 1 or Extent.Unknown)
                    equation._extents[letter] = extent;
                else if (extent is not (1 or Extent.Unknown) && extent != known)
                    throw new ArgumentException($"'{letter}' is {known} and {extent}");
            }
        }
        return equation._result.TrueForAll(equation._extents.ContainsKey) ? equation : throw new ArgumentException("its result has a letter that no input has");
    }

    // The axes that "..." stands for are called .1, .2 from the last.
    private static List<string> Letters(string term, int rank, bool isResult = false)
    {
        var dots = term.IndexOf("...", StringComparison.Ordinal);
        var named = dots < 0 ? term : term.Remove(dots, 3);
        var letters = named.Select(letter => letter.ToString()).ToList();
        if (dots >= 0)
            letters.InsertRange(dots, Enumerable.Range(1, Math.Max(0, isResult ? rank : rank - named.Length)).Reverse().Select(i => $".{i}"));
        if (!isResult && letters.Count != rank)
            throw new ArgumentException($"'{term}' names {letters.Count} axes of {rank}");
        return letters;
    }
}
