using System.Buffers.Binary;

namespace Gpux.Registries.Archives;

/// <summary>The CRC-32 that zip and gzip state (ISO 3309), which the framework does not offer.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320;

    // Eight tables, so that eight bytes are one step: made when the first zip is read.
    private static readonly Lazy<uint[][]> Tables = new(MakeTables);

    /// <param name="crc">Of what came before; 0 for nothing.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> content)
    {
        var tables = Tables.Value;
        crc = ~crc;
        for (; content.Length >= sizeof(ulong); content = content[sizeof(ulong)..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(content) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(content[sizeof(uint)..]);
            crc = tables[7][(byte)low] ^ tables[6][(byte)(low >> 8)] ^ tables[5][(byte)(low >> 16)] ^ tables[4][low >> 24]
                ^ tables[3][(byte)high] ^ tables[2][(byte)(high >> 8)] ^ tables[1][(byte)(high >> 16)] ^ tables[0][high >> 24];
        }
        foreach (var value in content)
            crc = tables[0][(byte)(crc ^ value)] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[sizeof(ulong)][];
        for (var table = 0; table < tables.Length; table++)
        {
            tables[table] = new uint[256];
            for (var i = 0; i < 256; i++)
            {
                var crc = table == 0 ? (uint)i : tables[table - 1][i];
                for (var bit = 0; bit < 8; bit++)
                    crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
                tables[table][i] = crc;
            }
        }
        return tables;
    }
}
