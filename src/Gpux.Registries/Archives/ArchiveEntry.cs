namespace Gpux.Registries.Archives;

internal enum EntryKind
{
    File,
    Folder,

    /// <summary>Its target is relative to the folder that the link is in.</summary>
    SymbolicLink,

    /// <summary>Its target is another member's name.</summary>
    HardLink,
}

/// <summary>What an archive says of one member, in the archive's order.</summary>
/// <param name="Name">As it stands in the archive: anything at all.</param>
/// <param name="SizeBytes">Null where the archive does not say.</param>
/// <param name="Content">May be read until the next entry is asked for, as a whole or not.</param>
internal sealed record ArchiveEntry(string Name, EntryKind Kind, long? SizeBytes, Stream Content)
{
    public string? LinkTarget { get; init; }

    /// <summary>What the content's CRC-32 must be; null where the archive states none for this member.</summary>
    public uint? Crc32 { get; init; }
}
