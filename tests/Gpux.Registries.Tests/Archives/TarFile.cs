using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Gpux.Registries.Tests.Archives;

/// <summary>Writes tar by hand, so that it can hold what no program would write.</summary>
internal sealed class TarFile
{
    private readonly List<byte> _bytes = [];

    /// <param name="claimedSize">What the header says of the size; the content's own where null.</param>
    public TarFile Add(string name, string content = "", char type = '0', string link = "", string? claimedSize = null, string magic = "ustar\000")
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        _bytes.AddRange(Header(name, type, link, claimedSize ?? Octal(bytes.Length), magic));
        _bytes.AddRange(bytes);
        _bytes.AddRange(new byte[-bytes.Length & 511]);
        return this;
    }

    /// <summary>An extended header for the next member.</summary>
    public TarFile Pax(string key, string value, char type = 'x')
    {
        var record = $" {key}={value}\n";
        var length = Encoding.UTF8.GetByteCount(record);
        // The length counts its own digits.
        var total = length + 1;
        while (length + total.ToString(CultureInfo.InvariantCulture).Length != total)
            total++;
        return Add("PaxHeader", total.ToString(CultureInfo.InvariantCulture) + record, type);
    }

    public byte[] WithoutEnd() => [.. _bytes];

    public byte[] Finish() => [.. _bytes, .. new byte[1024]];

    public byte[] Compressed() => Gzip(Finish());

    public static byte[] Gzip(byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(content);
        return bytes.ToArray();
    }

    public static string Octal(long number) => Convert.ToString(number, 8).PadLeft(11, '0');

    private static byte[] Header(string name, char type, string link, string size, string magic)
    {
        var header = new byte[512];
        void Put(int at, string text, int length) => Encoding.UTF8.GetBytes(text).AsSpan()[..Math.Min(length, Encoding.UTF8.GetByteCount(text))].CopyTo(header.AsSpan(at));
        Put(0, name, 100);
        Put(100, "0006777", 8); // Setuid and all: modes are ignored
        Put(124, size, 12);
        header[156] = (byte)type;
        Put(157, link, 100);
        Put(257, magic, 6);
        Put(263, "00", 2);
        header.AsSpan(148, 8).Fill((byte)' ');
        Put(148, Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0", 8);
        return header;
    }
}
