namespace Gpux.Registries.Tests;

public sealed class RepositoryPathTests
{
    [Theory]
    [InlineData("config.json")]
    [InlineData("onnx/model.onnx")]
    [InlineData("sub folder ü.txt")]
    [InlineData("...")]
    [InlineData("a..b/c")]
    [InlineData("console.txt")]
    [InlineData("com10")]
    [InlineData("lpt0")]
    [InlineData(".gitattributes")]
    public void Ordinary_names_are_accepted(string path)
    {
        Assert.Null(RepositoryPath.Problem(path));
        Assert.Equal($"/root/x/{path}", RepositoryPath.Join("/root/x", path, "test"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("..")]
    [InlineData("a/..")]
    [InlineData("a/../..")]
    [InlineData("./a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("c:x")]
    [InlineData("a\\b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("NUL")]
    [InlineData("a/aux.tar.gz")]
    [InlineData("Com1.txt")]
    [InlineData("con .txt")]
    public void Names_that_leave_the_folder_or_harm_a_platform_are_refused(string path)
    {
        Assert.NotNull(RepositoryPath.Problem(path));
        Assert.Throws<UnsafePathException>(() => RepositoryPath.Join("/root/x", path, "test"));
    }

    [Fact]
    public void Overlong_name_is_refused() => Assert.NotNull(RepositoryPath.Problem(new string('a', 1025)));

    [Fact]
    public void Sibling_with_the_same_beginning_is_outside() => Assert.False(RepositoryPath.IsInside("/a/b", "/a/bc/d"));
}
