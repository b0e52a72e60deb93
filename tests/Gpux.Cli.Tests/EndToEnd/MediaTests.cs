namespace Gpux.Cli.Tests.EndToEnd;

/// <summary>Folders of sounds and images, one of which is bad, asked by the built program.</summary>
[Trait("Category", "Slow")]
public sealed class MediaTests : IDisposable
{
    private readonly User _user = new();

    public void Dispose() => _user.Dispose();

    [Fact]
    public async Task A_bad_sound_keeps_the_others_from_nothing_and_a_damaged_one_is_read_in_silence()
    {
        Copy("a.wav", "audio", "silence.wav");
        var noisy = await File.ReadAllBytesAsync(Corpus.PathOf("inputs", "audio", "speech.mp3"));
        new Random(5).NextBytes(noisy.AsSpan(noisy.Length / 2, 300));
        await File.WriteAllBytesAsync(Path.Combine(_user.Folder, "b.mp3"), noisy);
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "c.flac"), "no sound");
        Copy("d.wav", "audio", "speech-de.wav");
        var model = Corpus.PathOf("pipelines", "audio-classification-wav2vec2", "repo");

        var answer = await _user.RunAsync("run", model, ".");
        Assert.Equal(1, answer.ExitCode);
        Assert.Contains("c.flac", answer.Error, StringComparison.Ordinal);
        Assert.EndsWith("4 files, 1 without an answer\n", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("mpg123", answer.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Note:", answer.Error, StringComparison.Ordinal);
        Assert.Contains("d.wav", answer.Output, StringComparison.Ordinal);

        answer = await _user.RunAsync("run", model, ".", "--json");
        Assert.Equal(1, answer.ExitCode);
        Assert.Equal([true, true, false, true], answer.Json.EnumerateArray().Select(file => file.TryGetProperty("answer", out _)));
        Assert.Equal("GPUX3211", answer.Json[2].GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_bad_image_among_several_that_are_named_keeps_the_others_from_nothing()
    {
        Copy("a.png", "images", "small.png");
        await File.WriteAllTextAsync(Path.Combine(_user.Folder, "b.png"), "no image");
        var answer = await _user.RunAsync("run", Corpus.PathOf("pipelines", "image-classification-vit", "repo"), "b.png", "a.png", "none.png", "--json");
        Assert.Equal(1, answer.ExitCode);
        Assert.Equal(["b.png", null, "none.png"], answer.Json.EnumerateArray().Select(item =>
            item.ValueKind == System.Text.Json.JsonValueKind.Object && item.TryGetProperty("file", out var file) ? file.GetString() : null));
    }

    private void Copy(string name, string kind, string recorded) => File.Copy(Corpus.PathOf("inputs", kind, recorded), Path.Combine(_user.Folder, name));
}
