namespace Gpux.Onnx.Tests;

public sealed class ExternalDataTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gpux-onnx-").FullName;
    private readonly string _folder;

    public ExternalDataTests()
    {
        _folder = Directory.CreateDirectory(Path.Join(_root, "model")).FullName;
        Directory.CreateDirectory(Path.Join(_folder, "sub"));
        File.WriteAllBytes(Path.Join(_folder, "w.bin"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        File.WriteAllBytes(Path.Join(_folder, "sub", "w.bin"), [9, 9, 9, 9]);
        Directory.CreateDirectory(Path.Join(_root, "blobs"));
        File.WriteAllBytes(Path.Join(_root, "blobs", "abc"), [7, 7, 7, 7]);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static OnnxTensor Float(string location, long offset = 0, long? length = null) =>
        new() { Name = "w", ElementType = ElementType.Float32, Dimensions = [1], External = new ExternalData(location, offset, length) };

    [Theory]
    [InlineData("w.bin", 0, null, new byte[] { 0, 1, 2, 3 })]
    [InlineData("w.bin", 3, 4L, new byte[] { 3, 4, 5, 6 })]
    [InlineData("w.bin", 8, null, new byte[] { 8, 9, 10, 11 })]
    [InlineData("sub/w.bin", 0, null, new byte[] { 9, 9, 9, 9 })]
    [InlineData("./sub//w.bin", 0, null, new byte[] { 9, 9, 9, 9 })]
    public void Elements_are_mapped_from_the_folder(string location, long offset, long? length, byte[] expected)
    {
        using var region = OnnxReader.ReadExternal(Float(location, offset, length), _folder);

        Assert.Equal(expected, region.Memory.ToArray());
    }

    [Theory]
    [InlineData("", "no location")]
    [InlineData("../blobs/abc", "leads out of the model's folder")]
    [InlineData("sub/../../blobs/abc", "leads out of the model's folder")]
    [InlineData("sub/..", "leads out of the model's folder")]
    [InlineData("/etc/passwd", "is absolute")]
    [InlineData("C:/windows/win.ini", "is absolute")]
    [InlineData("c:win.ini", "is absolute")]
    [InlineData("sub\\w.bin", "has a backslash")]
    [InlineData("\\\\server\\share", "has a backslash")]
    [InlineData("w.bin\0.png", "has a NUL")]
    public void Location_outside_the_folder_is_refused(string location, string reason)
    {
        var e = Assert.Throws<ExternalDataException>(() => OnnxReader.ReadExternal(Float(location), _folder));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal("w", e.Tensor);
    }

    [Theory]
    [InlineData("w.bin", 9, null, "has 12 bytes")]
    [InlineData("w.bin", 13, null, "has 12 bytes")]
    [InlineData("w.bin", 0, 5L, "states 5 bytes where type and shape need 4")]
    [InlineData("missing.bin", 0, null, "'missing.bin' cannot be read")]
    [InlineData("sub", 0, null, "'sub' cannot be read")]
    [InlineData("w.bin/x", 0, null, "cannot be read")]
    public void File_that_does_not_fit_is_refused(string location, long offset, long? length, string reason) =>
        Assert.Contains(reason, Assert.Throws<ExternalDataException>(
            () => OnnxReader.ReadExternal(Float(location, offset, length), _folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void Link_is_followed_within_the_folder_and_to_trusted_folders_only()
    {
        File.CreateSymbolicLink(Path.Join(_folder, "inside.bin"), "sub/w.bin");
        File.CreateSymbolicLink(Path.Join(_folder, "hub.bin"), "../blobs/abc");
        Directory.CreateSymbolicLink(Path.Join(_folder, "elsewhere"), Path.Join(_root, "blobs"));
        File.CreateSymbolicLink(Path.Join(_folder, "loop"), "loop");
        // Another name of the model's own folder.
        Directory.CreateSymbolicLink(Path.Join(_root, "alias"), "model");

        Assert.Equal(4, OnnxReader.ReadExternal(Float("inside.bin"), _folder).Length);
        Assert.Equal(4, OnnxReader.ReadExternal(Float("inside.bin"), Path.Join(_root, "alias")).Length);
        Refused("hub.bin");
        Refused("elsewhere/abc");
        Assert.Equal(4, OnnxReader.ReadExternal(Float("hub.bin"), _folder, Path.Join(_root, "blobs")).Length);
        Assert.Equal(4, OnnxReader.ReadExternal(Float("elsewhere/abc"), _folder, Path.Join(_root, "blobs")).Length);
        Assert.Throws<ExternalDataException>(() => OnnxReader.ReadExternal(Float("loop"), _folder));
        // A folder whose name begins alike is another folder.
        Assert.Throws<ExternalDataException>(() => OnnxReader.ReadExternal(Float("hub.bin"), _folder, Path.Join(_root, "blob")));

        void Refused(string location) => Assert.Contains("leads out of the model's folder", Assert.Throws<ExternalDataException>(
            () => OnnxReader.ReadExternal(Float(location), _folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strings_and_impossible_shapes_are_refused()
    {
        var strings = new OnnxTensor { ElementType = ElementType.String, External = new ExternalData("w.bin", 0, null) };
        var huge = new OnnxTensor { ElementType = ElementType.Float32, Dimensions = [1L << 61], External = new ExternalData("w.bin", 0, null) };

        Assert.Throws<ExternalDataException>(() => OnnxReader.ReadExternal(strings, _folder));
        Assert.Throws<ExternalDataException>(() => OnnxReader.ReadExternal(huge, _folder));
        Assert.Throws<ArgumentException>(() => OnnxReader.ReadExternal(new OnnxTensor(), _folder));
    }
}
