using System.Text;
using System.Text.Unicode;

namespace Gpux.Models.Batches;

/// <summary>What makes bytes no text.</summary>
internal static class RowText
{
    /// <returns>What is wrong, as a sentence; null if nothing is.</returns>
    public static string? Problem(RowBytes row) =>
        row.IsTooLong ? $"the row has more than the {RowSource.LongestRowBytes >> 20} MiB that are read{(row.IsOpen ? ", and quotes that are never closed" : "")}."
        : row.IsOpen ? "quotes are opened in this row and never closed: all that follows counts as this row."
        : !Utf8.IsValid(row.Bytes.Span) ? "the row is no valid UTF-8."
        : row.Bytes.Span.Contains((byte)0) ? "the row holds a zero byte, which no text does."
        : null;

    /// <summary>The text, with U+FFFD for what is none.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
