using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Gpux.Conversion.Tests.Checkpoints;

/// <summary>Archives that differ in their pickle alone: with sizes that are right, or hardly any damage would reach what reads pickles.</summary>
internal sealed class PickleInZip
{
    private const int LocalBytes = 30, ListedBytes = 46, EndBytes = 22;

    private readonly byte[] _before;
    private readonly byte[] _name;
    private readonly byte[] _directory;
    private readonly int _count;
    private byte[] _archive = [];

    private PickleInZip((string Name, byte[] Content)[] entries)
    {
        // The pickle comes last, so that all else stays where it is.
        var ordered = entries.OrderBy(entry => entry.Name.EndsWith("data.pkl", StringComparison.Ordinal)).ToArray();
        var (before, directory) = (new List<byte>(), new List<byte>());
        foreach (var (name, content) in ordered[..^1])
        {
            directory.AddRange(Listed(Encoding.UTF8.GetBytes(name), content.Length, before.Count));
            before.AddRange(Local(Encoding.UTF8.GetBytes(name), content.Length));
            before.AddRange(content);
        }
        (_before, _directory, _count) = ([.. before], [.. directory], ordered.Length);
        (_name, Content) = (Encoding.UTF8.GetBytes(ordered[^1].Name), ordered[^1].Content);
    }

    /// <summary>The pickle.</summary>
    public byte[] Content { get; }

    /// <param name="archive">A file of torch.save.</param>
    public static PickleInZip Of(byte[] archive) => new(Unzipped.Entries(archive));

    /// <returns>The archive with another pickle, valid until the next is made.</returns>
    public ArraySegment<byte> Around(ReadOnlySpan<byte> pickle)
    {
        var length = _before.Length + LocalBytes + pickle.Length + _directory.Length + ListedBytes + EndBytes + 2 * _name.Length;
        if (_archive.Length < length)
            _archive = GC.AllocateUninitializedArray<byte>(2 * length, pinned: true);
        var at = 0;
        Add(_before);
        Add(Local(_name, pickle.Length));
        Add(pickle);
        var directory = at;
        Add(_directory);
        Add(Listed(_name, pickle.Length, _before.Length));
        var end = new byte[EndBytes];
        "PK\u0005\u0006"u8.CopyTo(end);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), (ushort)_count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), (ushort)_count);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(12), at - directory);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(16), directory);
        Add(end);
        return new ArraySegment<byte>(_archive, 0, at);

        void Add(ReadOnlySpan<byte> part)
        {
            part.CopyTo(_archive.AsSpan(at));
            at += part.Length;
        }
    }

    private static byte[] Local(byte[] name, int bytes)
    {
        var header = new byte[LocalBytes + name.Length];
        "PK\u0003\u0004"u8.CopyTo(header);
        WriteSizes(header.AsSpan(18), name, bytes);
        name.CopyTo(header, LocalBytes);
        return header;
    }

    private static byte[] Listed(byte[] name, int bytes, int offset)
    {
        var header = new byte[ListedBytes + name.Length];
        "PK\u0001\u0002"u8.CopyTo(header);
        WriteSizes(header.AsSpan(20), name, bytes);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(42), offset);
        name.CopyTo(header, ListedBytes);
        return header;
    }

    private static void WriteSizes(Span<byte> to, byte[] name, int bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to, bytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(to[8..], (ushort)name.Length);
    }
}

internal static class Unzipped
{
    public static (string Name, byte[] Content)[] Entries(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        return [.. zip.Entries.Select(entry =>
        {
            using var content = new MemoryStream();
            using var stream = entry.Open();
            stream.CopyTo(content);
            return (entry.FullName, content.ToArray());
        })];
    }
}
