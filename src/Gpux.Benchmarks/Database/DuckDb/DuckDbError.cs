using System.Runtime.InteropServices;
using System.Text;

namespace Gpux.Benchmarks.Database.DuckDb;

/// <summary>Turns what DuckDB says into the exception that tells a user what to do.</summary>
/// <remarks>Its texts begin with their kind ("Constraint Error: ..."). They are the one form that opening, preparing, running and
/// appending have in common, so they are judged rather than the number that only results have.</remarks>
internal static unsafe class DuckDbError
{
    private const string Interrupted = "INTERRUPT Error";
    private const string StackTrace = "\nThis error signals an assertion failure"; // which goes on with the library's functions
    private const string LockHeld = "Conflicting lock is held in ";

    // ENOSPC, EDQUOT and EFBIG in the words of the C library and of Windows; then DuckDB's own for a limit that it was given.
    private static readonly string[] StorageFull =
        ["No space left on device", "Disk quota exceeded", "File too large", "not enough space on the disk", "failed to offload data block"];

    private static readonly string[] Damage =
        ["not a valid DuckDB database", "checksum", "Corrupt", "corrupt", "Could not read enough bytes", "Failed to load metadata",
            "Serialization Error", "Trying to read a database file with version number", "database file is damaged"];

    /// <summary>A failure of a statement or an append.</summary>
    public static Exception Of(string text, string database, CancellationToken cancellationToken)
    {
        if (text.StartsWith(Interrupted, StringComparison.Ordinal))
            return new OperationCanceledException(text, cancellationToken);
        if (ContainsAny(text, StorageFull))
            return new DatabaseStorageFullException(database, text);
        if (ContainsAny(text, Damage))
            return new DatabaseDamagedException(database, text);
        return Kind(text) switch
        {
            "Constraint" => new DatabaseConstraintException(text),
            "Conversion" or "Mismatch Type" or "Out of Range" or "Invalid type" => new DatabaseValueTypeException(text),
            "TransactionContext" => IsConstraintAtCommit(text)
                ? new DatabaseConstraintException(text) : new DatabaseConflictException(text),
            "Out of Memory" => new DatabaseOutOfMemoryException(text),
            "IO" or "Permission" => new DatabaseUnavailableException(database, text),
            "FATAL" or "INTERNAL" => new DatabaseDamagedException(database, text),
            "" => OfAppending(text, cancellationToken),
            _ => new DatabaseStatementException(text),
        };
    }

    /// <summary>The appender says "Failed to append: ..." and leaves the kind away.</summary>
    private static Exception OfAppending(string text, CancellationToken cancellationToken)
    {
        if (text.Contains("Interrupted!", StringComparison.Ordinal))
            return new OperationCanceledException(text, cancellationToken);
        if (text.Contains("onflict", StringComparison.Ordinal))
            return new DatabaseConflictException(text);
        if (text.Contains("constraint", StringComparison.OrdinalIgnoreCase))
            return new DatabaseConstraintException(text);
        return text.Contains("could not allocate", StringComparison.Ordinal) || text.Contains("failed to pin", StringComparison.Ordinal)
            ? new DatabaseOutOfMemoryException(text) : new DatabaseStatementException(text);
    }

    /// <summary>A failure to open.</summary>
    public static DatabaseException OfOpening(string text, string database)
    {
        if (LockHolder(text) is { } holder)
            return new DatabaseLockedException(database, holder);
        if (ContainsAny(text, StorageFull))
            return new DatabaseStorageFullException(database, text);
        if (text.Contains("Cannot launch in-memory database", StringComparison.Ordinal))
            return new NotDatabaseException(database, FileSignature.EmptyTable);
        // "Cannot open file", with the system's reason.
        return text.Contains("Cannot open file", StringComparison.Ordinal) || Kind(text) is "Permission" or "Invalid Input"
            ? new DatabaseUnavailableException(database, text)
            : new DatabaseDamagedException(database, text);
    }

    public static string Text(byte* text)
    {
        if (text is null)
            return "DuckDB gives no reason";
        var said = Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        return said.IndexOf(StackTrace, StringComparison.Ordinal) is >= 0 and var trace ? said[..trace] : said;
    }

    private static string? LockHolder(string text)
    {
        if (text.IndexOf(LockHeld, StringComparison.Ordinal) is >= 0 and var at)
        {
            var holder = text.AsSpan(at + LockHeld.Length);
            var end = holder.IndexOf(". ");
            return (end < 0 ? holder : holder[..end]).TrimEnd('.').ToString();
        }
        return text.Contains("Could not set lock", StringComparison.Ordinal)
            || text.Contains("being used by another process", StringComparison.Ordinal) ? "another process" : null;
    }

    // Keys are checked again when a transaction commits, and a row that breaks one is then part of its error.
    private static bool IsConstraintAtCommit(string text) =>
        text.Contains("constraint", StringComparison.OrdinalIgnoreCase) && !text.Contains("Conflict on", StringComparison.Ordinal);

    private static ReadOnlySpan<char> Kind(string text)
    {
        var end = text.IndexOf(" Error: ", StringComparison.Ordinal);
        return end < 0 ? default : text.AsSpan(0, end);
    }

    private static bool ContainsAny(string text, string[] parts)
    {
        foreach (var part in parts)
            if (text.Contains(part, StringComparison.Ordinal))
                return true;
        return false;
    }
}
