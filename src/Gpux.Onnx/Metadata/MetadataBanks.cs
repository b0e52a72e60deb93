using Gpux.Onnx.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Gpux.Onnx.Metadata;

/// <summary>Two rooms for metadata at the end of a file, of which one byte decides which is seen. Described in
/// docs/decisions/0011-metadata-in-place.md.</summary>
/// <remarks><c>[tag, 5 bytes: size of the first room] [first room, ending in: closed tag, 5 bytes: size of the second] [second
/// room]</c>. With the first tag closed, a parser skips the first room and reads the second. With it open, the size is a number that
/// means nothing, the first room is read, and its own end makes the parser skip the second.</remarks>
/// <param name="Start">Where the tag is that decides.</param>
/// <param name="Middle">Where the second room begins.</param>
/// <param name="End">Of the second room, and of the file.</param>
internal sealed record MetadataBanks(long Start, long Middle, long End, bool IsFirstOpen)
{
    /// <summary>What fits into the room that is not seen, in bytes.</summary>
    public int HiddenCapacity => (int)(IsFirstOpen ? End - Middle : Middle - Start - 2 * MetadataWire.HeaderBytes);

    public long HiddenStart => IsFirstOpen ? Middle : Start + MetadataWire.HeaderBytes;

    /// <summary>The tag that shows the other room.</summary>
    public byte OtherTag => IsFirstOpen ? MetadataWire.Closed : MetadataWire.Open;

    public bool Shows(TopLevelField field) => IsFirstOpen
        ? field.Start >= Start + MetadataWire.HeaderBytes && field.End <= Middle - MetadataWire.HeaderBytes
        : field.Start >= Middle && field.End <= End;

    /// <returns>Those that an earlier edit made; null if there are none, or something was written behind them since.</returns>
    public static MetadataBanks? Find(SafeFileHandle file, List<TopLevelField> fields)
    {
        var end = fields[^1].End;
        Span<byte> header = stackalloc byte[MetadataWire.HeaderBytes];
        for (var i = fields.Count - 1; i >= 0; i--)
        {
            var field = fields[i];
            var isOpen = field.WireType == WireType.Varint;
            if (field.Number != TopLevelField.Filler || (isOpen ? field.End : field.ValueStart) - field.Start != MetadataWire.HeaderBytes)
                continue;
            if (ReadHeader(file, field.Start, header) is not { } size || header[0] is not (MetadataWire.Open or MetadataWire.Closed))
                continue;
            var middle = field.Start + MetadataWire.HeaderBytes + size;
            if (size < MetadataWire.HeaderBytes || middle > end || ReadHeader(file, middle - MetadataWire.HeaderBytes, header) != end - middle
                || header[0] != MetadataWire.Closed)
                continue;
            var banks = new MetadataBanks(field.Start, middle, end, isOpen);
            // A file that is made to look so must not lose its graph.
            if ((!isOpen || fields[^1].Start == middle - MetadataWire.HeaderBytes) && fields.Where(banks.Shows).All(IsExpected))
                return banks;
        }
        return null;
    }

    private static bool IsExpected(TopLevelField field) => field.Number is TopLevelField.Metadata or TopLevelField.Filler
        or TopLevelField.ProducerName or TopLevelField.ProducerVersion or TopLevelField.DocString;

    private static int? ReadHeader(SafeFileHandle file, long at, Span<byte> header) =>
        RandomAccess.Read(file, header, at) == header.Length ? MetadataWire.NumberOf(header) : null;
}
