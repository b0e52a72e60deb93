using System.Text;
using static Gpux.Benchmarks.Database.DuckDb.DuckDbApi;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>The rows of a query, which come in chunks of up to 2,048: read row by row, or a column of a chunk at a time.</summary>
public sealed unsafe class DuckDbRows : ISqlRows
{
    private readonly ResultHandle _result;
    private readonly string _database;
    private readonly DuckDbType[] _types;
    private readonly nint[] _data;
    private readonly nint[] _validity;
    private ChunkHandle? _chunk;
    private int _row;

    internal DuckDbRows(ResultHandle result, string database)
    {
        (_result, _database) = (result, database);
        var count = (int)duckdb_column_count(result.Pointer);
        _types = new DuckDbType[count];
        for (var i = 0; i < count; i++)
            _types[i] = duckdb_column_type(result.Pointer, (ulong)i);
        (_data, _validity) = (new nint[count], new nint[count]);
    }

    public int ColumnCount => _types.Length;

    /// <summary>How many rows the chunk at hand has.</summary>
    public int ChunkSize { get; private set; }

    public string ColumnName(int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)_types.Length, nameof(column));
        ObjectDisposedException.ThrowIf(_result.IsClosed, this);
        var name = DuckDbError.Text(duckdb_column_name(_result.Pointer, (ulong)column));
        GC.KeepAlive(this);
        return name;
    }

    public bool Read()
    {
        if (_row + 1 < ChunkSize)
        {
            _row++;
            return true;
        }
        return NextChunk();
    }

    /// <summary>Moves to the first row of the next chunk, whose columns <see cref="Int64Column"/> and <see cref="DoubleColumn"/>
    /// then give whole.</summary>
    /// <returns>False after the last chunk.</returns>
    public bool NextChunk()
    {
        ObjectDisposedException.ThrowIf(_result.IsClosed, this);
        do
        {
            Release();
            var chunk = duckdb_fetch_chunk(*_result.Pointer);
            GC.KeepAlive(this);
            if (chunk == 0)
                return ThrowIfFailed();
            _chunk = new ChunkHandle(chunk);
            ChunkSize = (int)duckdb_data_chunk_get_size(_chunk);
        }
        while (ChunkSize == 0);
        for (var i = 0; i < _types.Length; i++)
        {
            var vector = duckdb_data_chunk_get_vector(_chunk, (ulong)i);
            _data[i] = (nint)duckdb_vector_get_data(vector);
            _validity[i] = (nint)duckdb_vector_get_validity(vector);
        }
        return true;
    }

    /// <summary>What the column holds.</summary>
    internal DuckDbType ColumnType(int column) => _types[column];

    /// <summary>A BIGINT column of the chunk at hand, where it lies, until the next chunk. Where a row is null, its value is
    /// anything: ask <see cref="HasNulls"/>.</summary>
    public ReadOnlySpan<long> Int64Column(int column) => Column<long>(column, DuckDbType.BigInt);

    /// <summary>A DOUBLE column; see <see cref="Int64Column"/>.</summary>
    public ReadOnlySpan<double> DoubleColumn(int column) => Column<double>(column, DuckDbType.Double);

    /// <summary>Whether the chunk at hand may have nulls in a column.</summary>
    public bool HasNulls(int column)
    {
        _ = Data(column);
        return _validity[column] != 0;
    }

    public bool IsNull(int column)
    {
        _ = Data(column);
        var validity = (ulong*)_validity[column];
        return validity is not null && (validity[_row >> 6] >> (_row & 63) & 1) == 0;
    }

    public long Int64(int column)
    {
        var data = Value(column);
        return _types[column] switch
        {
            DuckDbType.BigInt => ((long*)data)[_row],
            DuckDbType.Integer => ((int*)data)[_row],
            DuckDbType.SmallInt => ((short*)data)[_row],
            DuckDbType.TinyInt => ((sbyte*)data)[_row],
            DuckDbType.UInteger => ((uint*)data)[_row],
            DuckDbType.USmallInt => ((ushort*)data)[_row],
            DuckDbType.UTinyInt => ((byte*)data)[_row],
            DuckDbType.UBigInt when ((ulong*)data)[_row] <= long.MaxValue => (long)((ulong*)data)[_row],
            // Sums of integers; the low half comes first.
            DuckDbType.HugeInt when ((long*)data)[(2 * _row) + 1] == ((long*)data)[2 * _row] >> 63 => ((long*)data)[2 * _row],
            DuckDbType.UBigInt or DuckDbType.HugeInt => throw new DatabaseValueTypeException(
                $"column '{ColumnName(column)}' holds a number that is more than 64 bits with a sign hold."),
            _ => throw Mistaken(column, "an integer"),
        };
    }

    public double Double(int column)
    {
        var data = Value(column);
        return _types[column] switch
        {
            DuckDbType.Double => ((double*)data)[_row],
            DuckDbType.Float => ((float*)data)[_row],
            _ => throw Mistaken(column, "a number with a fraction"),
        };
    }

    public bool Boolean(int column)
    {
        var data = Value(column);
        return _types[column] == DuckDbType.Boolean ? ((byte*)data)[_row] != 0 : throw Mistaken(column, "a truth value");
    }

    public DateTimeOffset Time(int column)
    {
        var data = Value(column);
        if (_types[column] is not (DuckDbType.TimestampTz or DuckDbType.Timestamp))
            throw Mistaken(column, "an instant");
        return SqlTime.TryFromMicroseconds(((long*)data)[_row], out var time) ? time : throw new DatabaseValueTypeException(
            $"column '{ColumnName(column)}' holds an instant outside of the years 1 to 9999.");
    }

    public string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    /// <summary>A text as UTF-8 where it lies, until the next row.</summary>
    public ReadOnlySpan<byte> Utf8(int column)
    {
        var data = Value(column);
        return _types[column] == DuckDbType.Varchar ? Content((Text*)data + _row) : throw Mistaken(column, "a text");
    }

    public byte[] Bytes(int column)
    {
        var data = Value(column);
        return _types[column] == DuckDbType.Blob ? Content((Text*)data + _row).ToArray() : throw Mistaken(column, "bytes");
    }

    public void Dispose()
    {
        Release();
        _result.Dispose();
    }

    private static ReadOnlySpan<byte> Content(Text* text) =>
        new(text->Length <= DuckDbApi.Text.InlineCapacity ? text->Inline : text->Pointer, checked((int)text->Length));

    private ReadOnlySpan<T> Column<T>(int column, DuckDbType type) where T : unmanaged
    {
        var data = Data(column);
        return _types[column] == type ? new((void*)data, ChunkSize) : throw Mistaken(column, type.ToString());
    }

    private nint Value(int column) => !IsNull(column) ? _data[column] : throw new DatabaseValueTypeException(
        $"column '{ColumnName(column)}' is null in this row.");

    private nint Data(int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)_types.Length, nameof(column));
        return ChunkSize > 0 ? _data[column] : throw new InvalidOperationException("There is no row at hand.");
    }

    private DatabaseValueTypeException Mistaken(int column, string wanted) =>
        new($"column '{ColumnName(column)}' is of type {_types[column]} and was read as {wanted}.");

    // Rows that are made when they are asked for may fail then, and DuckDB gives no chunk for an error as it does for the end.
    private bool ThrowIfFailed()
    {
        var error = duckdb_result_error(_result.Pointer);
        return error is null ? false : throw DuckDbError.Of(DuckDbError.Text(error), _database, CancellationToken.None);
    }

    private void Release()
    {
        _chunk?.Dispose();
        _chunk = null;
        (ChunkSize, _row) = (0, 0);
    }
}
