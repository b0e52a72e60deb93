using System.Formats.Tar;
using System.IO.Compression;
using Gpux.Conversion.Checkpoints;
using Gpux.Conversion.Checkpoints.Torch;

namespace Gpux.Conversion.Tests.Checkpoints.Torch;

public sealed class TorchReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Contiguous_views_stay_where_they_lie_and_others_are_arranged()
    {
        var files = ModelFiles.InFolder(Corpus.PathOf("checkpoints", "torch-zip-views", "repo"));

        var tensors = CheckpointReader.Read(files, "weights.pth").Tensors;

        var elementBytes = sizeof(float);
        var width = tensors["base"].Shape[1];
        Assert.All(new[] { "base", "rows", "one_row", "one" }, name => Assert.Null(tensors[name].Layout));
        Assert.All(new[] { "columns", "steps", "transposed", "expanded" }, name => Assert.NotNull(tensors[name].Layout));
        // A slice of rows begins a whole number of rows after the table that it is a view of.
        Assert.Equal(0, (tensors["rows"].Offset - tensors["base"].Offset) % (width * elementBytes));
        Assert.Equal([1, width], tensors["transposed"].Layout!.Strides.ToArray());
    }

    [Fact]
    public void Tensors_are_views_of_their_storage()
    {
        Write("f.bin", new PickleWriter().Code((byte)'}').Mark()
            .Text("a").Tensor("0", [2, 2], [2, 1]).Text("turned").Tensor("0", [2, 2], [1, 2]).Text("twice").Tensor("0", [2, 4], [0, 1])
            .Code((byte)'u').Stop(), [1, 2, 3, 4]);

        Assert.Equal([1, 2, 3, 4], Values("f.bin", "a"));
        Assert.Equal([1, 3, 2, 4], Values("f.bin", "turned"));
        Assert.Equal([1, 2, 3, 4, 1, 2, 3, 4], Values("f.bin", "twice"));
    }

    [Theory]
    [InlineData("module.", "", "w", "w")]
    [InlineData("_orig_mod.module.", "", "w", "w")]
    [InlineData("model.", "state_dict", "w", "w")]
    [InlineData("model.", "", "w", "model.w")]
    [InlineData("model.", "model_state_dict", "w", "model.w")]
    [InlineData("module.", "net", "w", "w")]
    public void Wrappers_and_containers_leave_no_trace_in_names(string prefix, string container, string name, string expected)
    {
        var pickle = new PickleWriter();
        if (container.Length > 0)
            pickle.Code((byte)'}').Text(container);
        pickle.Code((byte)'}').Text(prefix + name).Tensor("0", [4], [1]).Code((byte)'s');
        if (container.Length > 0)
            pickle.Code((byte)'s');
        Write("f.bin", pickle.Stop(), [1, 2, 3, 4]);

        Assert.Equal([expected], Read("f.bin").Tensors.Keys);
    }

    [Fact]
    public void A_quantised_part_of_the_weights_is_refused_by_name()
    {
        Write("f.bin", new PickleWriter().Code((byte)'}').Mark().Text("a").Tensor("0", [4], [1])
            .Text("fc._packed_params").Mark().Global("torch._utils", "_rebuild_qtensor").Code((byte)')', (byte)'R').Code((byte)'N').Tuple()
            .Code((byte)'u').Stop(), [1, 2, 3, 4]);

        var refusal = Assert.Throws<UnsupportedTensorException>(() => Read("f.bin"));

        Assert.Equal(("fc._packed_params", ErrorCode.UnsupportedTensor), (refusal.Tensor, refusal.Code));
        Assert.Contains("quantised", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[] { 5 }, new long[] { 1 }, "reaches beyond its storage")]
    [InlineData(new long[] { 1L << 40 }, new long[] { 0 }, "without measure")]
    [InlineData(new long[] { 1L << 40, 1L << 40 }, new long[] { 0, 0 }, "no memory has")]
    [InlineData(new long[] { 2 }, new long[] { -1 }, "negative")]
    [InlineData(new long[] { 2 }, new long[] { 1, 1 }, "1 sizes and 2 strides")]
    [InlineData(new long[] { 3 }, new long[] { long.MaxValue }, "no memory has")]
    public void A_view_must_fit_its_storage(long[] size, long[] stride, string problem)
    {
        Write("f.bin", new PickleWriter().Code((byte)'}').Text("a").Tensor("0", size, stride).Code((byte)'s').Stop(), [1, 2, 3, 4]);

        Assert.Contains(problem, Assert.Throws<InvalidCheckpointException>(() => Read("f.bin")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_in_the_form_of_tar_are_read()
    {
        File.WriteAllBytes(Path.Combine(_folder, "old.bin"), Tar());

        Assert.Equal(new Shape(2, 1), Read("old.bin").Tensors["w"].Shape);
        Assert.Equal([3, 4], Values("old.bin", "w"));
    }

    [Fact]
    public void Damaged_file_in_the_form_of_tar_is_refused()
    {
        var tar = Tar();
        tar[124] = (byte)'z'; // the size of its first entry
        File.WriteAllBytes(Path.Combine(_folder, "old.bin"), tar);

        Assert.Contains("a damaged tar file", Assert.Throws<InvalidCheckpointException>(() => Read("old.bin")).Message, StringComparison.Ordinal);
    }

    /// <summary>A file in the form that came before PyTorch 0.2: a tensor of a storage of four numbers.</summary>
    internal static byte[] Tar()
    {
        using var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Ustar, leaveOpen: true))
        {
            Add(tar, "storages",
            [
                .. new PickleWriter().Number(1).Stop(),
                .. new PickleWriter().Mark().Number(77).Text("cpu").Global("torch", "FloatStorage").Tuple().Stop(),
                .. BitConverter.GetBytes(4L), .. Bytes(1, 2, 3, 4),
                .. new PickleWriter().Code((byte)']').Stop(),
            ]);
            Add(tar, "tensors",
            [
                .. new PickleWriter().Number(1).Stop(),
                .. new PickleWriter().Mark().Number(99).Number(77).Global("torch", "FloatTensor").Tuple().Stop(),
                .. BitConverter.GetBytes(2L), .. BitConverter.GetBytes(2L), .. BitConverter.GetBytes(1L),
                .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(2L),
            ]);
            Add(tar, "pickle", new PickleWriter().Code((byte)'}').Text("w").Text("99").Code((byte)'Q', (byte)'s').Stop());
        }
        return bytes.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

    private static byte[] Bytes(params float[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();

    private void Write(string name, byte[] pickle, float[] storage)
    {
        using var zip = ZipFile.Open(Path.Combine(_folder, name), ZipArchiveMode.Create);
        foreach (var (entry, content) in new[] { ("f/data.pkl", pickle), ("f/data/0", Bytes(storage)) })
        {
            using var stream = zip.CreateEntry(entry, CompressionLevel.NoCompression).Open();
            stream.Write(content);
        }
    }

    private Checkpoint Read(string name) => CheckpointReader.Read(ModelFiles.InFolder(_folder), name);

    private float[] Values(string name, string tensor)
    {
        var files = ModelFiles.InFolder(_folder);
        return new CheckpointData(files).Open(CheckpointReader.Read(files, name).Tensors[tensor]).AsSpan<float>().ToArray();
    }
}
