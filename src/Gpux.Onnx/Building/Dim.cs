namespace Gpux.Onnx.Building;

/// <summary>One extent of a value in a graph: a number, a symbol such as "batch_size", or unknown.</summary>
/// <remarks>Two dimensions with the same symbol are equal in every run. A class, because generic code over structures of this library
/// is not compiled ahead of time, which made the start of a conversion a quarter slower.</remarks>
public sealed record Dim
{
    private Dim(long? size, string? symbol)
    {
        Size = size;
        Symbol = symbol;
    }

    /// <summary>The extent if it is the same in every run.</summary>
    public long? Size { get; }
    public string? Symbol { get; }

    /// <summary>Nothing is known; the graph gives it a symbol of its own when a value gets it.</summary>
    public static Dim Unknown { get; } = new(null, null);

    /// <summary>Whether the symbol is the graph's own, not one that users see.</summary>
    internal bool IsAnonymous => Symbol is ['?', ..];

    internal static Dim Anonymous(int number) => new(null, $"?{number}");

    /// <summary>In a shape to reshape to: as the input has it at this place.</summary>
    public static Dim Same { get; } = new(0, "same");

    /// <summary>In a shape to reshape to: whatever is left over.</summary>
    public static Dim Rest { get; } = new(-1, "rest");

    public static implicit operator Dim(long size) => new(size, null);
    public static implicit operator Dim(string symbol) => new(null, symbol);

    /// <summary>Whether the two can be equal in some run.</summary>
    public bool MayEqual(Dim other) => Size is null || other.Size is null || Size == other.Size;

    /// <summary>The more precise of two dimensions that are equal in every run.</summary>
    public Dim Or(Dim other) => Size is not null ? this : other.Size is not null ? other : Symbol is not null ? this : other;

    /// <summary>What an element-wise operator makes of two extents; null if they do not go together.</summary>
    public static Dim? Broadcast(Dim left, Dim right) => (left, right) switch
    {
        _ when left == right => left,
        _ when left.Size == 1 => right,
        _ when right.Size == 1 => left,
        _ when left.Size is not null && right.Size is not null => null,
        _ when left.Size is not null => left,
        _ when right.Size is not null => right,
        // Different symbols: either may be 1.
        _ => Unknown,
    };

    public static Dim operator *(Dim left, Dim right) =>
        left.Size is { } a && right.Size is { } b ? a * b : left.Size == 1 ? right : right.Size == 1 ? left : Unknown;

    public static Dim operator +(Dim left, Dim right) =>
        left.Size is { } a && right.Size is { } b ? a + b : left.Size == 0 ? right : right.Size == 0 ? left : Unknown;

    public override string ToString() => Symbol ?? Size?.ToString() ?? "?";
}
