namespace Gpux.Models.Batches;

/// <summary>The bytes of one row, which are there until the next one is read.</summary>
/// <param name="Line">The line on which it begins, from 1.</param>
/// <param name="EndBytes">Where it ends in the file.</param>
/// <param name="IsTooLong">Whether only its beginning was kept.</param>
/// <param name="IsOpen">Whether the file ended within quotes.</param>
public readonly record struct RowBytes(ReadOnlyMemory<byte> Bytes, long Line, long EndBytes, bool IsTooLong, bool IsOpen);
