using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Gpux.Registries.Tests.Archives;

/// <summary>Zips to read, and ways to spoil them.</summary>
internal static class ZipFile
{
    public static byte[] Of(params (string Name, string Content)[] members) => Make(CompressionLevel.Fastest, members);

    public static byte[] Stored(params (string Name, string Content)[] members) => Make(CompressionLevel.NoCompression, members);

    /// <summary>The last member has a Unix mode, such as 0xa1ff of a link, whose content is its target.</summary>
    public static byte[] WithMode(int mode, params (string Name, string Content)[] members) => Make(CompressionLevel.Fastest, members, mode);

    /// <summary>Overwrites two bytes of the directory's first entry.</summary>
    public static byte[] WithCentral(byte[] zip, int at, ushort value) => With(zip, "PK\u0001\u0002"u8, at, value);

    /// <summary>Overwrites two bytes of the first member's own header.</summary>
    public static byte[] WithLocal(byte[] zip, int at, ushort value) => With(zip, "PK\u0003\u0004"u8, at, value);

    private static byte[] With(byte[] zip, ReadOnlySpan<byte> signature, int at, ushort value)
    {
        var copy = zip.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(copy.AsSpan().IndexOf(signature) + at), value);
        return copy;
    }

    private static byte[] Make(CompressionLevel level, (string Name, string Content)[] members, int modeOfLast = 0)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in members)
            {
                var entry = zip.CreateEntry(name, level);
                entry.ExternalAttributes = (name == members[^1].Name ? modeOfLast : 0x81a4) << 16;
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(content));
            }
        }
        return bytes.ToArray();
    }
}
