using System.Diagnostics;
using System.Runtime.Versioning;

namespace Gpux.Tests;

[UnsupportedOSPlatform("windows")] // has neither named pipes with paths nor links for everybody
public sealed class OutputFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("gpux-output-tests-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_new_file_is_written()
    {
        Assert.Equal(4, OutputFile.WriteText(In("a.txt"), "text"));
        Assert.Equal("text", File.ReadAllText(In("a.txt")));
        Assert.Equal(["a.txt"], Names);
    }

    [Fact]
    public void A_file_is_replaced_as_a_whole_and_keeps_its_readers()
    {
        File.WriteAllText(In("a.txt"), "what was there");
        File.SetUnixFileMode(In("a.txt"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var reader = File.OpenText(In("a.txt"));
        OutputFile.WriteText(In("a.txt"), "new");
        Assert.Equal(("what was there", "new"), (reader.ReadToEnd(), File.ReadAllText(In("a.txt"))));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(In("a.txt")));
    }

    [Fact]
    public void What_fails_leaves_what_was_there_and_nothing_else()
    {
        File.WriteAllText(In("a.txt"), "what was there");
        Assert.Throws<IOException>(() => OutputFile.Write(In("a.txt"), path =>
        {
            File.WriteAllText(path, "half");
            throw new IOException("the disk is full");
        }));
        Assert.Equal("what was there", File.ReadAllText(In("a.txt")));
        Assert.Equal(["a.txt"], Names);
        Assert.ThrowsAny<IOException>(() => OutputFile.WriteText(In("no/such/folder"), ""));
    }

    [Fact]
    public void Of_a_link_the_target_is_replaced()
    {
        Directory.CreateDirectory(In("elsewhere"));
        File.WriteAllText(In("elsewhere/target.txt"), "old");
        File.CreateSymbolicLink(In("second"), "elsewhere/target.txt");
        File.CreateSymbolicLink(In("first"), "second");
        OutputFile.WriteText(In("first"), "new");
        Assert.Equal(("new", "second"), (File.ReadAllText(In("elsewhere/target.txt")), new FileInfo(In("first")).LinkTarget));
        Assert.Equal(["target.txt"], Directory.GetFileSystemEntries(In("elsewhere")).Select(Path.GetFileName));
        // One that points to nothing makes what it points to.
        File.CreateSymbolicLink(In("dangling"), "elsewhere/made.txt");
        OutputFile.WriteText(In("dangling"), "made");
        Assert.Equal("made", File.ReadAllText(In("elsewhere/made.txt")));
        Assert.NotNull(new FileInfo(In("dangling")).LinkTarget);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_named_pipe_is_written_to_and_stays(bool throughLink)
    {
        using (var make = Process.Start("mkfifo", [In("pipe")]))
            await make.WaitForExitAsync();
        File.CreateSymbolicLink(In("link"), "pipe");
        var name = throughLink ? "link" : "pipe";
        Assert.True(OutputFile.IsSpecial(In(name)));
        var reads = Task.Run(() => File.ReadAllText(In("pipe"))); // it waits for a writer to open it
        Assert.Equal(4, await Task.Run(() => OutputFile.WriteText(In(name), "text")).WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal("text", await reads.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.True(OutputFile.IsSpecial(In("pipe")));
        Assert.Equal(["link", "pipe"], Names);
    }

    [Fact]
    public void Files_folders_and_nothing_are_not_special()
    {
        File.WriteAllText(In("a"), "");
        foreach (var path in (string[])[In("a"), In(""), In("nothing"), In("a/b")])
            Assert.False(OutputFile.IsSpecial(path), path);
    }

    private string[] Names => [.. _folder.GetFileSystemInfos().Select(entry => entry.Name).Order(StringComparer.Ordinal)];

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
