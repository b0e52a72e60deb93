namespace Gpux.Benchmarks.Database;

/// <summary>The value of a parameter of a statement: null, an integer, a number, a text, a truth value, an instant or bytes.</summary>
/// <remarks>A default value is null. Instants are stored in UTC and whole microseconds (rounded down), which both stores have.</remarks>
public readonly struct SqlValue
{
    private readonly long _bits;
    private readonly object? _reference;

    private SqlValue(SqlValueKind kind, long bits, object? reference = null) => (Kind, _bits, _reference) = (kind, bits, reference);

    public static SqlValue Null => default;

    public SqlValueKind Kind { get; }

    public static implicit operator SqlValue(long value) => new(SqlValueKind.Int64, value);

    public static implicit operator SqlValue(double value) => new(SqlValueKind.Double, BitConverter.DoubleToInt64Bits(value));

    public static implicit operator SqlValue(bool value) => new(SqlValueKind.Boolean, value ? 1 : 0);

    public static implicit operator SqlValue(DateTimeOffset value) => new(SqlValueKind.Time, SqlTime.ToMicroseconds(value));

    public static implicit operator SqlValue(string? value) => value is null ? default : new(SqlValueKind.Text, 0, value);

    public static implicit operator SqlValue(byte[]? value) => value is null ? default : new(SqlValueKind.Bytes, 0, value);

    public static SqlValue From(long? value) => value is { } some ? some : Null;

    public static SqlValue From(double? value) => value is { } some ? some : Null;

    public static SqlValue From(DateTimeOffset? value) => value is { } some ? some : Null;

    internal long AsInt64 => _bits;

    internal double AsDouble => BitConverter.Int64BitsToDouble(_bits);

    internal bool AsBoolean => _bits != 0;

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    internal long AsMicroseconds => _bits;

    internal string AsText => (string)_reference!; // set with the kind

    internal byte[] AsBytes => (byte[])_reference!; // set with the kind
}

public enum SqlValueKind
{
    Null,
    Int64,
    Double,
    Boolean,
    Time,
    Text,
    Bytes,
}
