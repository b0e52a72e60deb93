using System.Runtime.InteropServices;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>The functions of DuckDB's C API that GPUX calls, with the names and arguments of its header.</summary>
/// <remarks>Source: duckdb.h of version 1.5. States are 0 for success. Booleans are one byte.</remarks>
internal static unsafe partial class DuckDbApi
{
    // Database and connection.

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_create_config(out nint config);

    [LibraryImport(DuckDbLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_set_config(nint config, string name, string option);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_config(ref nint config);

    [LibraryImport(DuckDbLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_open_ext(string path, out nint database, nint config, out byte* error);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_close(ref nint database);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_connect(DatabaseHandle database, out nint connection);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_disconnect(ref nint connection);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_interrupt(ConnectionHandle connection);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial byte* duckdb_library_version();

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_free(void* memory);

    // Statements.

    [LibraryImport(DuckDbLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_query(ConnectionHandle connection, string sql, Result* result);

    [LibraryImport(DuckDbLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_prepare(ConnectionHandle connection, string sql, out nint statement);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial byte* duckdb_prepare_error(StatementHandle statement);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_prepare(ref nint statement);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong duckdb_nparams(StatementHandle statement);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_null(StatementHandle statement, ulong number);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_boolean(StatementHandle statement, ulong number, byte value);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_int64(StatementHandle statement, ulong number, long value);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_double(StatementHandle statement, ulong number, double value);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_timestamp_tz(StatementHandle statement, ulong number, long microseconds);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_varchar_length(StatementHandle statement, ulong number, byte* text, ulong length);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_bind_blob(StatementHandle statement, ulong number, byte* data, ulong length);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_execute_prepared(StatementHandle statement, Result* result);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_pending_prepared_streaming(StatementHandle statement, out nint pending);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_execute_pending(nint pending, Result* result);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial byte* duckdb_pending_error(nint pending);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_pending(ref nint pending);

    // Results.

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial byte* duckdb_result_error(Result* result);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong duckdb_rows_changed(Result* result);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong duckdb_column_count(Result* result);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial byte* duckdb_column_name(Result* result, ulong column);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial DuckDbType duckdb_column_type(Result* result, ulong column);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_result(Result* result);

    /// <returns>0 after the last.</returns>
    [LibraryImport(DuckDbLibrary.Name)]
    public static partial nint duckdb_fetch_chunk(Result result);

    // Chunks and vectors.

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong duckdb_vector_size();

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial nint duckdb_create_data_chunk(nint* types, ulong columnCount);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_data_chunk(ref nint chunk);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_data_chunk_reset(ChunkHandle chunk);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong duckdb_data_chunk_get_size(ChunkHandle chunk);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_data_chunk_set_size(ChunkHandle chunk, ulong size);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial nint duckdb_data_chunk_get_vector(ChunkHandle chunk, ulong column);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void* duckdb_vector_get_data(nint vector);

    /// <returns>A bit a row, set for values; null where no row is null.</returns>
    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong* duckdb_vector_get_validity(nint vector);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_vector_ensure_validity_writable(nint vector);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_vector_assign_string_element_len(nint vector, ulong row, byte* text, ulong length);

    // Appender.

    [LibraryImport(DuckDbLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_appender_create_ext(
        ConnectionHandle connection, string? catalog, string? schema, string table, out nint appender);

    [LibraryImport(DuckDbLibrary.Name, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int duckdb_appender_add_column(AppenderHandle appender, string name);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial ulong duckdb_appender_column_count(AppenderHandle appender);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial nint duckdb_appender_column_type(AppenderHandle appender, ulong column);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_append_data_chunk(AppenderHandle appender, ChunkHandle chunk);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_appender_close(AppenderHandle appender);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_appender_clear(nint appender);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial int duckdb_appender_destroy(ref nint appender);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial nint duckdb_appender_error_data(AppenderHandle appender);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial byte* duckdb_error_data_message(nint error);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_error_data(ref nint error);

    // Types.

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial DuckDbType duckdb_get_type_id(nint type);

    [LibraryImport(DuckDbLibrary.Name)]
    public static partial void duckdb_destroy_logical_type(ref nint type);

    /// <summary>duckdb_result: six words that belong to the library.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Result
    {
        private fixed long _words[6];
    }

    /// <summary>duckdb_string_t: a text of up to 12 bytes lies in it, a longer one behind a pointer.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 16)]
    internal struct Text
    {
        public const int InlineCapacity = 12;

        [FieldOffset(0)] public uint Length;
        [FieldOffset(4)] public fixed byte Inline[InlineCapacity];
        [FieldOffset(8)] public byte* Pointer;
    }
}

/// <summary>duckdb_type, as far as values are read and written.</summary>
internal enum DuckDbType
{
    Invalid = 0,
    Boolean = 1,
    TinyInt = 2,
    SmallInt = 3,
    Integer = 4,
    BigInt = 5,
    UTinyInt = 6,
    USmallInt = 7,
    UInteger = 8,
    UBigInt = 9,
    Float = 10,
    Double = 11,
    Timestamp = 12,
    HugeInt = 16,
    Varchar = 17,
    Blob = 18,
    TimestampTz = 31,
}
