using Npgsql;
using NpgsqlTypes;

namespace Gpux.Benchmarks.Database.Postgres;

/// <summary>Adds rows by COPY in its binary form.</summary>
/// <remarks>After a failure, or disposal without completion, the rows are lost, and a transaction around them can only be taken back.</remarks>
public sealed class PostgresAppender : ISqlAppender
{
    // How often a row looks whether the work is cancelled.
    private const int RowsPerCheck = 2048;

    private readonly PostgresConnection _connection;
    private readonly NpgsqlBinaryImporter _importer;
    private readonly IReadOnlyList<PostgresType> _types;
    private readonly CancellationToken _cancellationToken;
    private int _column;
    private int _row;
    private bool _isOver;
    private bool _isDone; // completed, or disposed of

    /// <param name="types">Of the columns.</param>
    internal PostgresAppender(PostgresConnection connection, NpgsqlBinaryImporter importer, IReadOnlyList<PostgresType> types, CancellationToken cancellationToken) =>
        (_connection, _importer, _types, _cancellationToken) = (connection, importer, types, cancellationToken);

    public void Add(long value)
    {
        switch (Next())
        {
            case PostgresType.Int64:
                Write(value, NpgsqlDbType.Bigint);
                break;
            case PostgresType.Int32 when value is >= int.MinValue and <= int.MaxValue:
                Write((int)value, NpgsqlDbType.Integer);
                break;
            case PostgresType.Int32:
                throw Mistaken($"the number {value}");
            default:
                throw Mistaken("an integer");
        }
    }

    public void Add(double value)
    {
        if (Next() != PostgresType.Float64)
            throw Mistaken("a number with a fraction");
        Write(value, NpgsqlDbType.Double);
    }

    public void Add(bool value)
    {
        if (Next() != PostgresType.Boolean)
            throw Mistaken("a truth value");
        Write(value, NpgsqlDbType.Boolean);
    }

    public void Add(DateTimeOffset value)
    {
        if (Next() != PostgresType.TimestampTz)
            throw Mistaken("an instant");
        Write(PostgresTime.FromUnix(SqlTime.ToMicroseconds(value)), NpgsqlDbType.TimestampTz);
    }

    public void Add(string? value)
    {
        if (value is null)
        {
            AddNull();
            return;
        }
        switch (Next())
        {
            case PostgresType.Text or PostgresType.VarChar:
                Write(PostgresConnection.Checked(value), NpgsqlDbType.Text);
                break;
            case PostgresType.Json:
                Write(PostgresConnection.Checked(value), NpgsqlDbType.Json);
                break;
            default:
                throw Mistaken("a text");
        }
    }

    public void Add(ReadOnlySpan<byte> value)
    {
        if (Next() != PostgresType.Bytes)
            throw Mistaken("bytes");
        Write(value.ToArray(), NpgsqlDbType.Bytea);
    }

    public void AddNull()
    {
        Next();
        Guard(static importer => importer.WriteNull());
    }

    public void EndRow()
    {
        ThrowIfOver();
        if (_column != _types.Count)
            throw new InvalidOperationException($"The row has {_column} values; the columns are {_types.Count}.");
        _column = 0;
        if (++_row % RowsPerCheck == 0)
            _cancellationToken.ThrowIfCancellationRequested();
    }

    public void Complete()
    {
        ThrowIfOver();
        if (_column != 0)
            throw new InvalidOperationException("The last row was not ended.");
        _cancellationToken.ThrowIfCancellationRequested();
        Guard(static importer => importer.Complete());
        Guard(static importer => importer.Dispose());
        _isOver = _isDone = true;
    }

    public void Dispose()
    {
        if (_isDone)
            return;
        _isOver = _isDone = true;
        _connection.BreakTransaction();
        try
        {
            _importer.Dispose(); // which cancels the COPY
        }
        catch (Exception exception) when (PostgresError.IsOne(exception))
        {
            // The error that led here is on its way to the caller.
        }
    }

    /// <returns>The type of the column whose value comes.</returns>
    private PostgresType Next()
    {
        ThrowIfOver();
        if (_column == _types.Count)
            throw new InvalidOperationException($"The row has its {_types.Count} values already.");
        if (_column == 0)
            Guard(static importer => importer.StartRow());
        return _types[_column++];
    }

    private void Write<T>(T value, NpgsqlDbType type)
    {
        try
        {
            _importer.Write(value, type);
        }
        catch (Exception exception) when (PostgresError.IsOne(exception))
        {
            throw Failed(exception);
        }
    }

    private void Guard(Action<NpgsqlBinaryImporter> action)
    {
        try
        {
            action(_importer);
        }
        catch (Exception exception) when (PostgresError.IsOne(exception))
        {
            throw Failed(exception);
        }
    }

    private Exception Failed(Exception exception)
    {
        _isOver = true;
        return _connection.Fail(exception, _cancellationToken);
    }

    private DatabaseValueTypeException Mistaken(string what)
    {
        _isOver = true;
        return new($"value {_column} of a row is {what}, and its column is of type {_types[_column - 1]}.");
    }

    private void ThrowIfOver()
    {
        if (_isOver)
            throw new InvalidOperationException("The appender is completed, disposed of or has failed.");
    }
}
