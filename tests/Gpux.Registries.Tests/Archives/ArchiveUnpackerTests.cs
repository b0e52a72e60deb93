using System.Buffers.Binary;
using System.Diagnostics;
using System.Formats.Tar;
using System.Text;
using Gpux.Registries.Archives;
using Gpux.Registries.Store;
using Xunit.Abstractions;

namespace Gpux.Registries.Tests.Archives;

public sealed class ArchiveUnpackerTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-archives-").FullName;
    private readonly ScratchFolder _scratch = new();

    public void Dispose()
    {
        _scratch.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string Unpack(byte[] archive, string name = "model.archive") => Unpack(archive, _folder, name);

    private static string Unpack(ReadOnlySpan<byte> archive, string folder, string name = "model.archive")
    {
        var (file, target) = (Path.Combine(folder, "archive"), Path.Combine(folder, Path.GetRandomFileName()));
        File.WriteAllBytes(file, archive);
        Directory.CreateDirectory(target);
        var members = new ArchiveUnpacker(file, name, target, new StoreFolder(folder, "GPUX_HOME")).Unpack(CancellationToken.None);
        // Nothing but numbered files in the folder.
        Assert.All(Directory.EnumerateFileSystemEntries(target), path => Assert.Matches("^[0-9]+$", Path.GetFileName(path)));
        Assert.All(members, member => Assert.Equal(member.Sha256,
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(member.File)))));
        return string.Join(' ', members.Select(member => $"{member.Path}={File.ReadAllText(member.File)}"));
    }

    private string Refusal(byte[] archive) => Assert.Throws<InvalidArchiveException>(() => Unpack(archive)).Message;

    [Fact]
    public void Format_is_told_by_content()
    {
        var tar = new TarFile().Add("./", type: '5').Add("./a.txt", "one").Add("sub/", type: '5').Add("sub/b", "two").Finish();
        Assert.Equal("a.txt=one sub/b=two", Unpack(tar, "model.zip"));
        Assert.Equal("a.txt=one sub/b=two", Unpack(TarFile.Gzip(tar), "model.h5"));
        Assert.Equal("a.txt=one sub/b=two", Unpack(ZipFile.Of(("a.txt", "one"), ("sub/", ""), ("sub/b", "two")), "model.tar.gz"));
        Assert.Equal("a.txt=one", Unpack(ZipFile.Stored(("a.txt", "one"))));
        Assert.Equal("labels.txt=one", Unpack(TarFile.Gzip("one"u8.ToArray()), "folder/labels.txt.gz"));
        Assert.Contains("no tar, zip or gzip", Refusal("\u0089HDF\r\n and so on"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("no tar, zip or gzip", Refusal([]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void Archives_of_another_writer_are_read(TarEntryFormat format)
    {
        var name = format == TarEntryFormat.V7 ? "short name" : new string('f', 60) + "/" + new string('é', format == TarEntryFormat.Ustar ? 30 : 80);
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, format, leaveOpen: true))
        {
            var content = new MemoryStream(TestExtensions.Bytes(100_000));
            tar.WriteEntry(format switch
            {
                TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name) { DataStream = content },
                TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = content },
                TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content },
                _ => (TarEntry)new GnuTarEntry(TarEntryType.RegularFile, name) { DataStream = content },
            });
        }
        Assert.Equal($"{name}={Encoding.UTF8.GetString(TestExtensions.Bytes(100_000))}", Unpack(bytes.ToArray()));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/../../evil")]
    [InlineData("/etc/passwd")]
    [InlineData("C:/windows")]
    [InlineData("a\\b")]
    [InlineData("a//b")]
    [InlineData("con.txt")]
    [InlineData("sub/NUL")]
    [InlineData("tab\tname")]
    public void Unsafe_name_is_refused(string name)
    {
        Assert.Contains("is refused", Refusal(new TarFile().Add("good", "x").Add(name, "x").Finish()), StringComparison.Ordinal);
        Assert.Contains("is refused", Refusal(ZipFile.Of(("good", "x"), (name, "x"))), StringComparison.Ordinal);
    }

    [Fact]
    public void Name_with_NUL_is_no_shorter_name()
    {
        Assert.Contains("is refused", Refusal(new TarFile().Pax("path", "model\0.txt").Add("x", "x").Finish()), StringComparison.Ordinal);
        Assert.Contains("is refused", Refusal(ZipFile.Of(("model\0.txt", "x"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "a")]
    [InlineData("a", "A")]
    [InlineData("Weights.bin", "weights.BIN")]
    [InlineData("a", "a/b")]
    [InlineData("a/b", "A")]
    public void Names_that_collide_are_refused(string first, string second)
    {
        Refusal(new TarFile().Add(first, "1").Add(second, "2").Finish());
        Refusal(ZipFile.Of((first, "1"), (second, "2")));
    }

    [Fact]
    public void Too_deep_folders_are_refused() =>
        Assert.Contains("folders deep", Refusal(new TarFile().Pax("path", string.Concat(Enumerable.Repeat("a/", 32)) + "b").Add("x", "x").Finish()),
            StringComparison.Ordinal);

    [Fact]
    public void Links_become_what_they_lead_to()
    {
        Assert.Equal("a/one=1 a/two=1 b/three=1 four=1", Unpack(new TarFile()
            .Add("b/three", type: '2', link: "../a/two").Add("a/two", type: '2', link: "one").Add("a/one", "1").Add("four", type: '1', link: "./a/one").Finish()));
        Assert.Equal("a/one=1 link=1", Unpack(ZipFile.WithMode(0xa1ff, ("a/one", "1"), ("link", "a/one"))));
    }

    [Theory]
    [InlineData('2', "../outside")]
    [InlineData('2', "/etc/passwd")]
    [InlineData('2', "a/../../../x")]
    [InlineData('2', "..\\x")]
    [InlineData('2', "absent")]
    [InlineData('2', "folder")]
    [InlineData('2', "loop")]
    [InlineData('2', "")]
    [InlineData('1', "../outside")]
    [InlineData('1', "absent")]
    public void Link_to_anything_but_a_member_is_refused(char type, string target)
    {
        Refusal(new TarFile().Add("file", "x").Add("folder/", type: '5').Add("loop", type: type, link: target).Finish());
        Refusal(ZipFile.WithMode(0xa1ff, ("loop", target)));
    }

    [Theory]
    [InlineData('3')] // A character device
    [InlineData('4')] // A block device
    [InlineData('6')] // A pipe
    [InlineData('S')] // GNU: sparse
    [InlineData('M')] // GNU: continued from another volume
    [InlineData('V')] // GNU: a label
    public void Special_member_is_refused(char type) => Refusal(new TarFile().Add("file", "x").Add("special", type: type).Finish());

    [Fact]
    public void Special_member_of_a_zip_is_refused() => Assert.Contains("device", Refusal(ZipFile.WithMode(0x11ff, ("pipe", "x"))), StringComparison.Ordinal);

    [Fact]
    public void Sparse_file_of_pax_is_refused() =>
        Assert.Contains("sparse", Refusal(new TarFile().Pax("GNU.sparse.major", "1").Add("x", "x").Finish()), StringComparison.Ordinal);

    [Fact]
    public void One_name_for_all_members_is_refused() =>
        Refusal(new TarFile().Pax("path", "x", type: 'g').Add("a", "x").Finish());

    [Fact]
    public void Long_names_of_GNU_are_read()
    {
        var name = new string('n', 300);
        Assert.Equal($"{name}=x short=x", Unpack(new TarFile().Add("././@LongLink", name + "\0", 'L').Add("cut", "x")
            .Add("././@LongLink", name + "\0", 'K').Add("short", type: '2', link: "cut").Finish()));
    }

    [Theory]
    [InlineData("77777777777")] // 8 GiB
    [InlineData("00000003000")] // More than follows
    [InlineData("0000000000x")]
    [InlineData("-0000000001")]
    public void Lying_size_is_refused(string size)
    {
        var archive = new TarFile().Add("a", "x", claimedSize: size).Finish();
        var refusal = Assert.ThrowsAny<GpuxException>(() => Unpack(archive));
        Assert.True(refusal is InvalidArchiveException or ArchiveTooLargeException, refusal.ToString());
        Assert.ThrowsAny<GpuxException>(() => Unpack(TarFile.Gzip(archive)));
    }

    [Fact]
    public void Binary_sizes_are_read_and_negative_ones_refused()
    {
        byte[] SizeOf(params byte[] size)
        {
            var archive = new TarFile().Add("a", "xyz").Finish();
            size.CopyTo(archive.AsSpan(124));
            archive.AsSpan(148, 8).Fill((byte)' ');
            Encoding.ASCII.GetBytes(Convert.ToString(archive.AsSpan(0, 512).ToArray().Sum(value => value), 8).PadLeft(6, '0') + "\0").CopyTo(archive.AsSpan(148));
            return archive;
        }
        Assert.Equal("a=xyz", Unpack(SizeOf(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3)));
        Refusal(SizeOf(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe));
        Refusal(SizeOf(0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3));
    }

    [Fact]
    public void Name_may_not_claim_gigabytes() =>
        Assert.Contains("extensions", Refusal(new TarFile().Add("././@LongLink", "x", 'L', claimedSize: TarFile.Octal(1L << 30)).Finish()),
            StringComparison.Ordinal);

    [Fact]
    public void Archive_that_was_cut_short_is_refused_wherever_that_was()
    {
        var tar = new TarFile().Add("a", new string('x', 600)).Add("b", "y").Finish();
        var archives = new[] { tar, TarFile.Gzip(tar), ZipFile.Of(("a", new string('x', 600)), ("b", "y")), TarFile.Gzip("text"u8.ToArray()) };
        foreach (var archive in archives)
        {
            // The last zeros of a plain tar are padding.
            var complete = archive == tar ? tar.Length - 512 : archive.Length;
            for (var length = 0; length < complete; length += archive == tar ? 64 : 3)
                Assert.Throws<InvalidArchiveException>(() => Unpack(archive[..length]));
        }
    }

    [Fact]
    public void Damage_is_found_by_every_checksum()
    {
        var content = Convert.ToBase64String(TestExtensions.Bytes(3000));
        foreach (var archive in (byte[][])[new TarFile().Add("a", content).Compressed(), ZipFile.Of(("a", content)), ZipFile.Stored(("a", content))])
        {
            var damaged = archive.ToArray();
            damaged[archive.Length / 2] ^= 4;
            Refusal(damaged);
        }
        var header = new TarFile().Add("a", content).Finish();
        header[0] ^= 1;
        Refusal(header);
    }

    [Fact]
    public void Padding_after_the_end_is_ignored() =>
        Assert.Equal("a=x", Unpack([.. new TarFile().Add("a", "x").Finish(), .. "anything"u8]));

    [Fact]
    public void Garbage_after_a_zip_or_gzip_is_refused()
    {
        Assert.Contains("directory", Refusal([.. ZipFile.Of(("a", "x")), .. "anything"u8]), StringComparison.Ordinal);
        Refusal([.. new TarFile().Add("a", "x").Compressed(), .. "anything"u8]);
        Refusal([.. TarFile.Gzip("one"u8.ToArray()), 0, 0, 0, 0]);
    }

    [Fact]
    public void Gzip_of_several_members_is_read_as_one()
    {
        var tar = new TarFile().Add("a", new string('x', 2000)).Finish();
        Assert.Equal($"a={new string('x', 2000)}", Unpack([.. TarFile.Gzip(tar[..700]), .. TarFile.Gzip(tar[700..])]));
    }

    [Fact]
    public void Empty_archive_is_refused()
    {
        Assert.Contains("empty", Refusal(new byte[1024]), StringComparison.Ordinal);
        Assert.Contains("empty", Refusal(new TarFile().Add("folder/", type: '5').Compressed()), StringComparison.Ordinal);
        Assert.Contains("empty", Refusal(ZipFile.Of()), StringComparison.Ordinal);
    }

    [Fact]
    public void Encrypted_or_unusual_zip_is_refused()
    {
        var zip = ZipFile.Of(("a", "secret"));
        Assert.Contains("encrypted", Refusal(ZipFile.WithCentral(zip, 8, 1)), StringComparison.Ordinal);
        Assert.Contains("unusual", Refusal(ZipFile.WithCentral(zip, 10, 9)), StringComparison.Ordinal);
    }

    [Fact]
    public void Zip_whose_two_descriptions_differ_is_refused()
    {
        var zip = ZipFile.Of(("a", "one"), ("b", "two"));
        foreach (var at in (int[])[8, 30]) // Method, name
            Assert.Contains("agree", Refusal(ZipFile.WithLocal(zip, at, 0x6363)), StringComparison.Ordinal);
        Assert.Contains("agree", Refusal(ZipFile.WithLocal(zip, 6, 1)), StringComparison.Ordinal);
        Assert.Contains("damaged", Refusal(ZipFile.WithCentral(zip, 44, 0xffff)), StringComparison.Ordinal);
    }

    [Fact]
    public void Zip_whose_members_overlap_is_refused()
    {
        var zip = ZipFile.Stored(("a", "one"), ("a", "one"));
        // Both entries of the directory lead to the first member.
        var second = zip.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(second + 42), 0);
        Assert.Contains("over another", Refusal(zip), StringComparison.Ordinal);
    }

    [Fact]
    public void Zip_beyond_four_gigabytes_is_read_by_its_large_numbers()
    {
        // As programs write it that do not know the size before: every number in the extra field.
        var (name, data) = ("a"u8.ToArray(), "one"u8.ToArray());
        using var bytes = new MemoryStream();
        using (var zip = new BinaryWriter(bytes, Encoding.ASCII, leaveOpen: true))
        {
            var crc = Crc32.Append(0, data);
            void Numbers(uint signature, bool isCentral)
            {
                zip.Write(signature);
                if (isCentral)
                    zip.Write((ushort)45);
                zip.Write((ushort)45); zip.Write((ushort)0); zip.Write((ushort)0); zip.Write(0u);
                zip.Write(crc); zip.Write(uint.MaxValue); zip.Write(uint.MaxValue);
                zip.Write((ushort)name.Length);
            }
            Numbers(0x04034b50, isCentral: false);
            zip.Write((ushort)20); zip.Write(name);
            zip.Write((ushort)1); zip.Write((ushort)16); zip.Write((ulong)data.Length); zip.Write((ulong)data.Length);
            zip.Write(data);
            var directory = bytes.Position;
            Numbers(0x02014b50, isCentral: true);
            zip.Write((ushort)28); zip.Write((ushort)0); zip.Write((ushort)0); zip.Write((ushort)0); zip.Write(0u); zip.Write(uint.MaxValue);
            zip.Write(name);
            zip.Write((ushort)1); zip.Write((ushort)24); zip.Write((ulong)data.Length); zip.Write((ulong)data.Length); zip.Write(0ul);
            var end = bytes.Position;
            zip.Write(0x06064b50u); zip.Write(44ul); zip.Write((ushort)45); zip.Write((ushort)45); zip.Write(0u); zip.Write(0u);
            zip.Write(1ul); zip.Write(1ul); zip.Write((ulong)(end - directory)); zip.Write((ulong)directory);
            zip.Write(0x07064b50u); zip.Write(0u); zip.Write((ulong)end); zip.Write(1u);
            zip.Write(0x06054b50u); zip.Write(0u); zip.Write((ushort)0xffff); zip.Write((ushort)0xffff); zip.Write(uint.MaxValue); zip.Write(uint.MaxValue);
            zip.Write((ushort)0);
        }
        Assert.Equal("a=one", Unpack(bytes.ToArray()));
    }

    [Fact]
    public void Bomb_is_refused_before_it_fills_the_disk()
    {
        // Two gibibytes of zeros in two megabytes.
        using var bomb = new MemoryStream();
        using (var gzip = new System.IO.Compression.GZipStream(bomb, System.IO.Compression.CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new TarFile().Add("a", "", claimedSize: TarFile.Octal(2L << 30)).WithoutEnd());
            gzip.Write(new byte[1 << 20]);
        }
        var clock = Stopwatch.StartNew();
        Assert.Throws<ArchiveTooLargeException>(() => Unpack(bomb.ToArray()));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Too_many_members_are_refused()
    {
        using var bytes = new MemoryStream();
        var folder = new TarFile().Add("folder/", type: '5').WithoutEnd();
        for (var i = 0; i <= 100_000; i++)
            bytes.Write(folder);
        Assert.Throws<ArchiveTooLargeException>(() => Unpack(TarFile.Gzip(bytes.ToArray())));
        // A directory that claims as many.
        var zip = ZipFile.Of(("a", "x"));
        var end = zip.AsSpan().LastIndexOf("PK\u0005\u0006"u8);
        BinaryPrimitives.WriteUInt16LittleEndian(zip.AsSpan(end + 10), 60_000);
        Refusal(zip);
    }

    [Fact]
    public void Damaged_archives_are_listed_and_read_or_refused() => Fuzzing.TenThousand(output, "archives in memory", Lister);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_archives_are_listed_and_read_or_refused() => Fuzzing.Million(output, "archives in memory", Lister);

    [Fact]
    public void Damaged_archives_never_do_worse_than_a_typed_refusal() => Fuzzing.TenThousand(output, "archives unpacked", Unpacker);

    [Fact]
    [Trait("Category", "Slow")]
    public void Many_damaged_archives_never_do_worse_than_a_typed_refusal() => Fuzzing.ForHalfMinute(output, "archives unpacked", Unpacker);

    private static Damage SmallArchives() => new([new TarFile().Pax("path", "é/long").Add("x", "content").Add("l", type: '1', link: "é/long").Finish(),
        new TarFile().Add("a", new string('x', 2000)).Compressed(), ZipFile.Of(("a", new string('x', 2000)), ("b/c", "y"))]);

    // The readers alone: a file system takes ten times as long.
    private static Func<Chance, bool> Lister()
    {
        var damage = SmallArchives();
        var buffer = new byte[1 << 12];
        return chance =>
        {
            var bytes = damage.Next(chance).Bytes;
            var budget = new UnpackingBudget("archive", bytes.Count);
            try
            {
                foreach (var entry in ArchiveEntries.Read(new MemoryStream(bytes.Array!, 0, bytes.Count), "archive", budget)) // a segment of an array
                    for (int read; (read = entry.Content.Read(buffer)) > 0;)
                        budget.AddBytes(read);
                return true;
            }
            catch (Exception refusal) when (refusal is InvalidDataException or EndOfStreamException or ArchiveTooLargeException)
            {
                return false;
            }
        };
    }

    private Func<Chance, bool> Unpacker()
    {
        var damage = SmallArchives();
        var folder = Directory.CreateDirectory(_scratch.NewPath()).FullName;
        return chance =>
        {
            try
            {
                Unpack(damage.Next(chance).Bytes, folder);
                return true;
            }
            catch (GpuxException refusal) when (refusal is InvalidArchiveException or ArchiveTooLargeException)
            {
                return false;
            }
            finally
            {
                foreach (var target in Directory.EnumerateDirectories(folder))
                    Directory.Delete(target, recursive: true);
            }
        };
    }

    [Fact]
    public void Checksum_is_the_one_of_zip()
    {
        Assert.Equal(0xcbf43926, Crc32.Append(0, "123456789"u8));
        Assert.Equal(0xcbf43926, Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8));
        Assert.Equal(0x414fa339u, Crc32.Append(0, "The quick brown fox jumps over the lazy dog"u8));
    }
}
