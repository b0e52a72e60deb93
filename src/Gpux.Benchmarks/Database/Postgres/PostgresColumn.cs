using Npgsql;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>A column of a query's rows.</summary>
/// <param name="type">The number of the column's type, of pg_type.</param>
internal sealed class PostgresColumn(string name, uint type)
{
    private readonly PostgresType _type = (PostgresType)type;
    private readonly List<bool> _isNull = [];
    private readonly List<long> _bits = []; // of integers, numbers, truth values and instants
    private readonly List<object?> _objects = []; // of the others

    public string Name { get; } = name;

    /// <summary>Takes the value of a row that was just read.</summary>
    public void Add(NpgsqlDataReader reader, int column)
    {
        var isNull = reader.IsDBNull(column);
        _isNull.Add(isNull);
        switch (_type)
        {
            case PostgresType.Int16:
                _bits.Add(isNull ? 0 : reader.GetInt16(column));
                break;
            case PostgresType.Int32:
                _bits.Add(isNull ? 0 : reader.GetInt32(column));
                break;
            case PostgresType.Int64:
                _bits.Add(isNull ? 0 : reader.GetInt64(column));
                break;
            case PostgresType.Float32:
                _bits.Add(isNull ? 0 : BitConverter.DoubleToInt64Bits(reader.GetFloat(column)));
                break;
            case PostgresType.Float64:
                _bits.Add(isNull ? 0 : BitConverter.DoubleToInt64Bits(reader.GetDouble(column)));
                break;
            case PostgresType.Boolean:
                _bits.Add(!isNull && reader.GetBoolean(column) ? 1 : 0);
                break;
            case PostgresType.Timestamp or PostgresType.TimestampTz:
                _bits.Add(isNull ? 0 : reader.GetFieldValue<long>(column)); // as it came: DateTime has neither infinity nor the year 10000
                break;
            case PostgresType.Bytes:
                _objects.Add(isNull ? null : reader.GetFieldValue<byte[]>(column));
                break;
            case PostgresType.Numeric:
                _objects.Add(isNull ? null : Decimal(reader, column));
                break;
            case PostgresType.Text or PostgresType.VarChar or PostgresType.Char or PostgresType.Name or PostgresType.Json or PostgresType.JsonB:
                _objects.Add(isNull ? null : reader.GetString(column));
                break;
        }
    }

    public bool IsNull(int row) => _isNull[row];

    public long Int64(int row)
    {
        RefuseNull(row);
        return _type switch
        {
            PostgresType.Int16 or PostgresType.Int32 or PostgresType.Int64 => _bits[row],
            // What sums of integers are.
            PostgresType.Numeric when _objects[row] is decimal number && decimal.IsInteger(number) && number is >= long.MinValue and <= long.MaxValue => (long)number,
            PostgresType.Numeric => throw new DatabaseValueTypeException($"column '{Name}' holds a number that 64 bits with a sign do not hold."),
            _ => throw Mistaken("an integer"),
        };
    }

    public double Double(int row)
    {
        RefuseNull(row);
        return _type switch
        {
            PostgresType.Float32 or PostgresType.Float64 => BitConverter.Int64BitsToDouble(_bits[row]),
            // What means of integers are.
            PostgresType.Numeric when _objects[row] is decimal number => (double)number,
            _ => throw Mistaken("a number with a fraction"),
        };
    }

    public bool Boolean(int row)
    {
        RefuseNull(row);
        return _type == PostgresType.Boolean ? _bits[row] != 0 : throw Mistaken("a truth value");
    }

    public DateTimeOffset Time(int row)
    {
        RefuseNull(row);
        if (_type is not (PostgresType.TimestampTz or PostgresType.Timestamp))
            throw Mistaken("an instant");
        return PostgresTime.TryRead(_bits[row], out var time) ? time : throw new DatabaseValueTypeException(
            $"column '{Name}' holds an instant outside of the years 1 to 9999.");
    }

    public string Text(int row)
    {
        RefuseNull(row);
        return _objects.Count > 0 && _objects[row] is string text ? text : throw Mistaken("a text");
    }

    public byte[] Bytes(int row)
    {
        RefuseNull(row);
        return _objects.Count > 0 && _objects[row] is byte[] bytes ? bytes : throw Mistaken("bytes");
    }

    private void RefuseNull(int row)
    {
        if (_isNull[row])
            throw new DatabaseValueTypeException($"column '{Name}' is null in this row.");
    }

    /// <returns>Null for what 28 digits do not hold.</returns>
    private static decimal? Decimal(NpgsqlDataReader reader, int column)
    {
        try
        {
            return reader.GetDecimal(column);
        }
        catch (Exception exception) when (exception is OverflowException or InvalidCastException)
        {
            return null;
        }
    }

    private DatabaseValueTypeException Mistaken(string wanted) => new($"column '{Name}' is of type {_type} and was read as {wanted}.");
}

/// <summary>Numbers of types in pg_type, as far as values are read and written.</summary>
internal enum PostgresType : uint
{
    Boolean = 16,
    Bytes = 17,
    Name = 19,
    Int64 = 20,
    Int16 = 21,
    Int32 = 23,
    Text = 25,
    Json = 114,
    Float32 = 700,
    Float64 = 701,
    Char = 1042,
    VarChar = 1043,
    Timestamp = 1114,
    TimestampTz = 1184,
    Numeric = 1700,
    JsonB = 3802,
}
