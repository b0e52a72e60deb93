using Gpux.Cli.Commands;

namespace Gpux.Cli.Tests.Commands;

public sealed class SoundFileTests
{
    [Fact]
    public void Folder_stands_for_the_sounds_in_it_in_the_order_of_their_names()
    {
        var folder = Directory.CreateTempSubdirectory("gpux-sounds-").FullName;
        foreach (var name in (string[])["b.WAV", "a.flac", "notes.txt", "c.mp3"])
            File.WriteAllText(Path.Combine(folder, name), "");
        string[] expected = [.. ((string[])["a.flac", "b.WAV", "c.mp3"]).Select(name => Path.Combine(folder, name)), "-"];
        Assert.Equal(expected, SoundFile.Find([folder, "-"]).Names);
        Assert.Equal([Path.Combine(folder, "a.flac")], SoundFile.Find([Path.Combine(folder, "*.flac")]).Names);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Folder_without_a_sound_is_wrong_usage()
    {
        var folder = Directory.CreateTempSubdirectory("gpux-sounds-").FullName;
        Assert.Throws<UsageException>(() => SoundFile.Find([folder]));
        Directory.Delete(folder);
        Assert.Throws<UsageException>(() => SoundFile.Load(Path.Combine(folder, "none.wav"), 16_000));
    }
}
