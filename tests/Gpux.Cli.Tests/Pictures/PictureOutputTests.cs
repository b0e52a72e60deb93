using Gpux.Cli.Pictures;
using Gpux.Cli.Terminals;
using Gpux.Runtime.Images;
using Gpux.Runtime.Pipelines;

namespace Gpux.Cli.Tests.Pictures;

public sealed class PictureOutputTests : IDisposable
{
    private static readonly Image Picture = Image.FromPixels(2, 2, new byte[12]);
    private static readonly DetectedObjects Nothing = new([], Picture.Size);
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-pictures").FullName;

    [Fact]
    public void Of_several_images_each_gets_a_file_in_the_folder()
    {
        var output = Output(Path.Combine(_folder, "made"));
        output.IsFolder = true;
        foreach (var name in (string[])["one/photo.jpg", "two/photo.png", "https://example.org/a.webp", "-"])
            output.Add(name, Picture, Nothing);
        Assert.Equal(["a.png", "image.png", "photo-2.png", "photo.png"], Directory.EnumerateFiles(Path.Combine(_folder, "made")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void One_image_is_written_where_save_says()
    {
        var output = Output(Path.Combine(_folder, "new", "out.png"));
        output.IsFolder = false;
        var (shown, saved) = output.Add("photo.jpg", Picture, Nothing);
        Assert.Null(shown);
        Assert.True(File.Exists(saved));
    }

    [Fact]
    public void File_without_an_ending_that_is_written_is_refused_before_anything_is_computed() =>
        Assert.Throws<UsageException>(() => Output("out.gif").IsFolder = false);

    [Fact]
    public void Task_whose_answers_are_not_drawn_is_refused() =>
        Assert.Throws<UsageException>(() => PictureOutput.For("image-classification", "out.png", Plain(), _ => null));

    [Theory]
    [InlineData(true, false, true), InlineData(false, false, false), InlineData(true, true, false)]
    public void Pictures_are_shown_only_to_people_at_terminals_that_can(bool colours, bool json, bool expected)
    {
        var terminal = new Terminal(TextWriter.Null, TextWriter.Null, colours, interactive: false) { Json = json };
        var output = PictureOutput.For("object-detection", null, terminal, name => name == "TERM" ? "xterm-kitty" : null);
        output.IsFolder = false;
        Assert.Equal(expected, output.Add("photo.jpg", Picture, Nothing).Shown is not null);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static PictureOutput Output(string save) => PictureOutput.For("object-detection", save, Plain(), _ => null);

    private static Terminal Plain() => new(TextWriter.Null, TextWriter.Null, colours: false, interactive: false);
}
