using System.Diagnostics;
using System.Runtime.Versioning;
using Gpux.Onnx;

namespace Gpux.Conversion.Tests;

public sealed class WriteFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-export-").FullName;
    private readonly ModelFiles _files = ModelFiles.InFolder(Corpus.PathOf("models", "bert-tokcls", "repo"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Weights_lie_within_the_file_or_beside_it_and_are_the_same()
    {
        var (inside, beside) = (Path.Combine(_folder, "inside.onnx"), Path.Combine(_folder, "new", "beside.onnx"));
        Converter.WriteFile(Plan(), _files, inside, [new("key", "value")]);
        var result = Converter.WriteFile(Plan(), _files, beside, [new("key", "value")], limitBytes: 20_000, progress: null);
        Assert.Equal(["inside.onnx"], Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path)));
        Assert.Equal(["beside.onnx", "beside.onnx.data"], Directory.EnumerateFiles(Path.Combine(_folder, "new")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        Assert.Equal(Directory.EnumerateFiles(Path.Combine(_folder, "new")).Sum(path => new FileInfo(path).Length), result.WrittenBytes);
        using var first = OnnxReader.Open(inside);
        using var second = OnnxReader.Open(beside);
        Assert.Equal("value", first.Model.Metadata.Single().Value);
        Assert.Equal(first.Model.Graph.Initializers.Count, second.Model.Graph.Initializers.Count);
        var external = 0;
        foreach (var (left, right) in first.Model.Graph.Initializers.Zip(second.Model.Graph.Initializers))
        {
            Assert.Null(left.External);
            external += right.External is null ? 0 : 1;
            using var region = right.External is null ? null : second.ReadExternal(right);
            Assert.True(left.Data.Span.SequenceEqual((region?.Memory ?? right.Data).Span), left.Name);
        }
        Assert.True(external > 10);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_named_pipe_gets_the_whole_file_and_a_file_keeps_its_readers()
    {
        var (file, pipe, copy) = (Path.Combine(_folder, "a.onnx"), Path.Combine(_folder, "pipe"), Path.Combine(_folder, "copy.onnx"));
        File.WriteAllText(file, "what was there");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var written = Converter.WriteFile(Plan(), _files, file, []).WrittenBytes;
        Assert.Equal((new FileInfo(file).Length, UnixFileMode.UserRead | UnixFileMode.UserWrite), (written, File.GetUnixFileMode(file)));
        using (var make = Process.Start("mkfifo", [pipe]))
            await make.WaitForExitAsync();
        var reads = Task.Run(() =>
        {
            using (var from = File.OpenRead(pipe))
            using (var to = File.Create(copy))
                from.CopyTo(to);
        });
        Assert.Equal(written, await Task.Run(() => Converter.WriteFile(Plan(), _files, pipe, []).WrittenBytes).WaitAsync(TimeSpan.FromMinutes(1)));
        await reads.WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(copy));
        Assert.Equal(["a.onnx", "copy.onnx", "pipe"], Directory.EnumerateFileSystemEntries(_folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    private ConversionPlan Plan() => Converter.Plan(_files, new ConversionOptions());
}
