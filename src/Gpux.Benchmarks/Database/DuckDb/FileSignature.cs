using System.Text.Unicode;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>What a file is, by its first bytes.</summary>
/// <remarks>DuckDB does not say: of a file of CSV, JSON or Parquet it makes a database in memory, where all that is stored is lost.</remarks>
internal static class FileSignature
{
    /// <summary>What DuckDB takes an empty file for by the ending of its name, such as .csv.</summary>
    public const string EmptyTable = "an empty table, by its name";

    private const int HeadBytes = 4096;

    /// <summary>Whether a file that begins so is a DuckDB database.</summary>
    /// <remarks>Source: DuckDB 1.5, MainHeader: a checksum of eight bytes, then the magic.</remarks>
    public static bool IsOne(ReadOnlySpan<byte> head) => head.Length > 12 && head[8..].StartsWith("DUCK"u8);

    /// <summary>Refuses what is there and is no database. Of an empty file DuckDB says what it is when it is not in use.</summary>
    /// <param name="file">Not open in this process: to close it here would drop DuckDB's lock.</param>
    /// <exception cref="NotDatabaseException">It is of another kind.</exception>
    /// <exception cref="DatabaseDamagedException">It is of no kind that is known.</exception>
    /// <exception cref="DatabaseUnavailableException">It is no file, or cannot be read.</exception>
    public static void Require(string file)
    {
        if (Directory.Exists(file))
            throw new DatabaseUnavailableException(file, "it is a folder.", "Name a file in it: benchmarks.duckdb.");
        if (OutputFile.IsSpecial(file))
            throw new DatabaseUnavailableException(file, "it is a device or a pipe.", "Name a file.");
        if (!File.Exists(file) || Head(file) is not { Length: > 0 } head || IsOne(head))
            return;
        throw KindOf(head) is { } kind ? new NotDatabaseException(file, kind) : new DatabaseDamagedException(file, "it does not begin as a DuckDB database does.");
    }

    private static byte[] Head(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var head = new byte[HeadBytes];
            return head[..stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new DatabaseUnavailableException(file, exception.Message);
        }
        catch (IOException)
        {
            return []; // where another process has it, DuckDB says which
        }
    }

    /// <returns>Null for bytes of no kind that is known.</returns>
    private static string? KindOf(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("PAR1"u8))
            return "Parquet";
        if (head.StartsWith("SQLite format 3\0"u8))
            return "an SQLite database";
        if (head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            return "a file packed with gzip";
        if (head.StartsWith("PK\x03\x04"u8))
            return "a ZIP archive";
        if (head.Contains((byte)0) || !IsText(head))
            return null;
        return head.TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..] ? "JSON" : "a text, such as CSV";
    }

    // The head may end within a character.
    private static bool IsText(ReadOnlySpan<byte> head)
    {
        for (var cut = 0; cut < 4 && cut < head.Length; cut++)
            if (Utf8.IsValid(head[..^cut]))
                return true;
        return false;
    }
}
