using System.Runtime.Versioning;
using Gpux.Models.Locks;

namespace Gpux.Models.Tests.Locks;

public sealed class LockFileTests : IDisposable
{
    private static readonly LockedModel Model = new("hf", "org/m", "v\"1", new string('a', 40),
        [new LockedFile("b.json", 2, new string('2', 64)), new LockedFile("a b\\.json", 1, new string('1', 64))]);

    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-lock-").FullName;
    private string FilePath => Path.Combine(_folder, "gpux.lock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_back_sorted()
    {
        new LockFile([], "1.0").With([Model, Model with { Name = "org/a", Revision = null }]).Save(FilePath);
        var read = LockFile.Read(FilePath)!; // it has just been written
        Assert.Equal(["hf:org/a", "hf:org/m@v\"1"], read.Models.Select(model => model.Asked.ToString()));
        Assert.Equal(["a b\\.json", "b.json"], read.Models[1].Files.Select(file => file.Path));
        Assert.Equal(read.Write(), File.ReadAllText(FilePath));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_file_that_is_written_anew_keeps_its_link_and_its_readers()
    {
        var elsewhere = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "elsewhere")).FullName, "shared.lock");
        File.WriteAllText(elsewhere, "");
        File.SetUnixFileMode(elsewhere, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(FilePath, elsewhere);
        new LockFile([Model], "1.0").Save(FilePath);
        Assert.Equal(elsewhere, new FileInfo(FilePath).LinkTarget);
        Assert.Single(LockFile.Read(elsewhere)!.Models); // it has just been written
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(elsewhere));
    }

    [Fact]
    public void What_cannot_be_written_leaves_nothing_behind()
    {
        Directory.CreateDirectory(FilePath); // no file takes its place
        Assert.Throws<OutputException>(() => new LockFile([Model], "1.0").Save(FilePath));
        Assert.Equal([FilePath], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void An_entry_of_the_same_reference_is_replaced()
    {
        var file = new LockFile([], "1.0").With([Model]).With([Model with { Commit = new string('b', 40) }]);
        Assert.Equal(new string('b', 40), Assert.Single(file.Models).Commit);
    }

    [Fact]
    public void No_file_is_null() => Assert.Null(LockFile.Read(FilePath));

    [Theory]
    [InlineData("format: 1", "format: 2")]
    [InlineData("format: 1", "formats: 1")]
    [InlineData("commit: \"aaaa", "commit: \"AAAA")]
    [InlineData("size: 2", "size: -2")]
    [InlineData("size: 2", "size: 99999999999999999999")]
    [InlineData("sha256: \"2222", "sha256: \"zzzz")]
    [InlineData("path: \"b.json\"", "bath: \"b.json\"")]
    [InlineData("    files:", "    files: 3\n    revision:")]
    public void Damage_is_refused(string from, string to)
    {
        var text = new LockFile([], "1.0").With([Model]).Write();
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(FilePath, text.Replace(from, to, StringComparison.Ordinal));
        Assert.Throws<LockFileException>(() => LockFile.Read(FilePath));
    }
}
