using Gpux.Cli.Commands;

namespace Gpux.Cli.Tests.Commands;

public sealed class ImageSourceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-images").FullName;

    public ImageSourceTests()
    {
        foreach (var name in (string[])["b.png", "a.JPG", "notes.txt", "c.webp"])
            File.WriteAllText(Path.Combine(_folder, name), "");
    }

    [Fact]
    public void Folder_means_its_images_in_order()
    {
        var source = ImageSource.Find([_folder], allowsAddresses: false);
        Assert.True(source.AreMany);
        Assert.Equal(["a.JPG", "b.png", "c.webp"], source.Names.Select(Path.GetFileName));
    }

    [Fact]
    public void Pattern_means_the_images_that_match() =>
        Assert.Equal(["b.png"], ImageSource.Find([Path.Combine(_folder, "*.png")], allowsAddresses: false).Names.Select(Path.GetFileName));

    [Fact]
    public void Files_and_standard_input_are_named_one_by_one()
    {
        var source = ImageSource.Find([Path.Combine(_folder, "b.png"), "-"], allowsAddresses: false);
        Assert.False(source.AreMany);
        Assert.Equal("-", source.Names[1]);
    }

    [Fact]
    public void File_that_has_a_wildcard_in_its_name_is_a_file()
    {
        var odd = Path.Combine(_folder, "a[1]?.png");
        File.WriteAllText(odd, "");
        Assert.Equal([odd], ImageSource.Find([odd], allowsAddresses: false).Names);
    }

    [Theory]
    [InlineData("http://example.org/a.png"), InlineData("HTTPS://example.org/a.png")]
    public void Addresses_need_to_be_allowed(string address)
    {
        Assert.Throws<UsageException>(() => ImageSource.Find([address], allowsAddresses: false));
        Assert.Equal([address], ImageSource.Find([address], allowsAddresses: true).Names);
    }

    [Theory]
    [InlineData("*.gif"), InlineData("*/x.png")]
    public void Pattern_without_images_is_refused(string pattern) =>
        Assert.Throws<UsageException>(() => ImageSource.Find([Path.Combine(_folder, pattern)], allowsAddresses: false));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
