using System.Diagnostics;
using Gpux.Onnx.Metadata;
using Xunit.Abstractions;

namespace Gpux.Onnx.Tests.Metadata;

public sealed class MetadataEditorTests(ITestOutputHelper output) : IDisposable
{
    private const int PageBytes = 4096;
    private readonly string _folder = Directory.CreateTempSubdirectory("gpux-metadata-").FullName;
    private readonly ScratchFolder _scratch = new();

    public void Dispose()
    {
        _scratch.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    public static TheoryData<string> Files => ["plain", "tail", "front", "doubled", "everything", "odd", "page+0", "page+1", "page-1", "page-2", "page-4", "page-5", "edited once", "edited twice", "cleared"];

    /// <summary>Every moment at which a process can be killed: between two steps, and within each, wherever the system may stop.</summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Reader_sees_the_old_or_the_new_whenever_an_edit_is_killed(string name)
    {
        foreach (var edit in Edits())
        {
            var original = File.ReadAllBytes(Make(name));
            var before = Pairs(original);
            var after = edit.Apply(before);
            var states = 0;
            foreach (var state in States(original, edit, before, after))
            {
                states++;
                var model = OnnxReader.Read(state);
                Assert.Equal(["MatMul", "Add"], model.Graph.Nodes.Take(2).Select(node => node.OpType));
                var seen = Pairs(state);
                Assert.True(Same(seen, before) || Same(seen, after), $"{name}: state {states} is neither the old nor the new");
                if (states % 5 > 0)
                    continue;
                // Whoever comes next finishes what was begun.
                var path = Write(state);
                MetadataEditor.Edit(path, edit);
                Assert.True(Same(after, OnnxMetadata.Read(path)));
                Assert.True(Same(after, Pairs(File.ReadAllBytes(path))));
            }
            Assert.True(states >= 1);
        }
    }

    [Fact]
    public void Later_edits_of_like_size_change_bytes_and_not_the_size()
    {
        var path = Make("tail");
        MetadataEditor.Edit(path, Set("a", new string('x', 300)));
        var size = new FileInfo(path).Length;
        for (var i = 0; i < 50; i++)
        {
            MetadataEditor.Edit(path, Set("a", new string('y', 200 + i * 4)));
            Assert.Equal(size, new FileInfo(path).Length);
        }
        Assert.Equal(new string('y', 396), OnnxMetadata.Read(path).Single(pair => pair.Key == "a").Value);
    }

    [Fact]
    public void Growing_values_cost_a_few_times_their_size()
    {
        var path = Make("tail");
        var size = new FileInfo(path).Length;
        for (var length = 1; length <= 1 << 16; length += 1 + length / 3)
            MetadataEditor.Edit(path, Set("a", new string('x', length)));
        Assert.InRange(new FileInfo(path).Length - size, 1, 12 << 16);
    }

    [Fact]
    public void Texts_are_changed_and_kept_by_later_edits()
    {
        var path = Make("tail");
        MetadataEditor.Edit(path, new MetadataEdit { DocString = "Über alles.", ProducerName = "tool", ProducerVersion = "2" });
        MetadataEditor.Edit(path, Set("a", "1"));
        MetadataEditor.Edit(path, Set("a", "2"));
        MetadataEditor.Edit(path, new MetadataEdit { ProducerVersion = "3" });
        MetadataEditor.Edit(path, Set("b", new string('x', 10_000)));
        var model = OnnxReader.Read(File.ReadAllBytes(path));
        Assert.Equal(("Über alles.", "tool", "3"), (model.DocString, model.ProducerName, model.ProducerVersion));
        Assert.Equal("2", OnnxMetadata.Read(path).Single(pair => pair.Key == "a").Value);
    }

    [Fact]
    public void Pairs_that_stand_last_are_cut_off()
    {
        var path = Make("tail");
        var bare = new FileInfo(Make("plain")).Length;
        MetadataEditor.Edit(path, new MetadataEdit { RemovePrefix = "" });
        Assert.Equal(bare, new FileInfo(path).Length);
        Assert.Empty(OnnxMetadata.Read(path));
    }

    [Fact]
    public void Prefix_removes_what_begins_so()
    {
        var path = Make("tail");
        MetadataEditor.Edit(path, new MetadataEdit { Set = [new("hf_x", "1"), new("other", "2")] });
        MetadataEditor.Edit(path, new MetadataEdit { RemovePrefix = "hf_" });
        Assert.Equal(["key", "b", "other"], OnnxMetadata.Read(path).Select(pair => pair.Key));
    }

    [Fact]
    public void Edit_that_changes_nothing_writes_nothing()
    {
        var path = Make("tail");
        File.SetAttributes(path, FileAttributes.ReadOnly);
        var dry = MetadataEditor.Edit(path, Set("key", "value"), isDryRun: true);
        Assert.False(dry.IsChanged);
        File.SetAttributes(path, FileAttributes.Normal);
        var bytes = File.ReadAllBytes(path);
        Assert.True(MetadataEditor.Edit(path, Set("key", "other"), isDryRun: true).IsChanged);
        Assert.Equal(bytes, File.ReadAllBytes(path));
    }

    [Fact]
    public void Graph_that_is_made_to_look_like_hidden_metadata_is_not_hidden()
    {
        var graph = Wire.Bytes(7, Wire.Bytes(1, Wire.Text(4, "Relu")));
        var header = MetadataWire.Header(MetadataWire.Closed, graph.Length);
        var path = Write(Wire.Join(MetadataWire.Header(MetadataWire.Closed, header.Length), header, graph));
        MetadataEditor.Edit(path, Set("a", "b"));
        Assert.Equal("Relu", OnnxReader.Read(File.ReadAllBytes(path)).Graph.Nodes.Single().OpType);
        Assert.Equal("b", OnnxMetadata.Read(path).Single().Value);
    }

    [Fact]
    public void Files_that_cannot_be_changed_say_why()
    {
        var path = Make("tail");
        Assert.Equal(ErrorCode.ModelNotFound, Assert.Throws<ModelNotFoundException>(() => MetadataEditor.Edit(path + "x", Set("a", "b"))).Code);
        Assert.Throws<InvalidOnnxException>(() => MetadataEditor.Edit(Write("Not a model, but some text."u8.ToArray()), Set("a", "b")));
        Assert.Throws<InvalidOnnxException>(() => MetadataEditor.Edit(Write([]), Set("a", "b")));
        Assert.Throws<InvalidMetadataException>(() => MetadataEditor.Edit(path, Set("", "b")));
        Assert.Throws<InvalidMetadataException>(() => MetadataEditor.Edit(path, Set("a", "\uD800")));
        byte[] longTag = [.. File.ReadAllBytes(Make("plain")), 0xF2, 0x00, 3, 0x0A, 1, (byte)'k'];
        var spelled = Write(longTag);
        Assert.Equal("k", OnnxMetadata.Read(spelled).Single().Key);
        Assert.Throws<InvalidMetadataException>(() => MetadataEditor.Edit(spelled, Set("a", "b")));
        Assert.Equal(longTag, File.ReadAllBytes(spelled));
        using (File.Open(path, FileMode.Open, FileAccess.Read, FileShare.Read))
            Assert.Throws<MetadataNotWritableException>(() => MetadataEditor.Edit(path, Set("a", "b")));
        var blob = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "models--org--m", "blobs")).FullName, new string('a', 64));
        File.Copy(path, blob);
        var link = Path.Combine(_folder, "link.onnx");
        File.CreateSymbolicLink(link, blob);
        Assert.Equal(ErrorCode.MetadataOfStoredFile, Assert.Throws<StoredFileException>(() => MetadataEditor.Edit(link, Set("a", "b"))).Code);
    }

    [Fact]
    public void Damaged_files_are_refused_and_nothing_worse() => Fuzzing.TenThousand(output, "metadata of ONNX", Editor);

    [Fact]
    [Trait("Category", "Slow")]
    public void A_million_damaged_files_are_refused_and_nothing_worse() => Fuzzing.Million(output, "metadata of ONNX", Editor);

    private Func<Chance, bool> Editor()
    {
        var damage = new Damage([.. new[] { "edited once", "edited twice", "cleared", "front", "doubled" }.Select(name => File.ReadAllBytes(Make(name)))]);
        var path = _scratch.NewPath();
        var edits = Edits().ToArray();
        return chance =>
        {
            var (bytes, edit) = (damage.Next(chance).Bytes, chance.Of(edits));
            File.WriteAllBytes(path, bytes);
            try
            {
                var change = MetadataEditor.Edit(path, edit);
                Assert.True(Same(change.After, OnnxMetadata.Read(path)));
                return true;
            }
            catch (GpuxException exception) when (exception is InvalidOnnxException or InvalidMetadataException)
            {
                Assert.True(bytes.AsSpan().SequenceEqual(File.ReadAllBytes(path)), "What is refused must stay as it is.");
                return false;
            }
        };
    }

    [Fact]
    public void Hundred_files_of_hundred_megabytes_take_a_moment()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "many")).FullName;
        for (var i = 0; i < 100; i++)
            Sparse(Path.Combine(folder, $"{i}.onnx"), 100 << 20);
        var clock = Stopwatch.StartNew();
        Parallel.ForEach(Directory.EnumerateFiles(folder), path => MetadataEditor.Edit(path, Set("owner", "me")));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 10); // 100 a second on a disk of 2026; this says only that no weights are copied
        Assert.All(Directory.EnumerateFiles(folder), path => Assert.Equal("me", OnnxMetadata.Read(path).Single(pair => pair.Key == "owner").Value));
    }

    /// <summary>A model of that size, whose weights are a hole in the file.</summary>
    internal static void Sparse(string path, int size)
    {
        var rest = Wire.Bytes(14, Wire.Text(1, "key"), Wire.Text(2, "value"));
        var weights = size - 200;
        var tensorHead = Wire.Join(Wire.Number(1, weights), Wire.Number(2, (long)ElementType.UInt8), Wire.Text(8, "w"), Wire.Varint(9 << 3 | 2), Wire.Varint((ulong)weights));
        var tensor = Wire.Join(Wire.Varint(5 << 3 | 2), Wire.Varint((ulong)(tensorHead.Length + weights)), tensorHead);
        var head = Wire.Join(Wire.Number(1, 8), Wire.Varint(7 << 3 | 2), Wire.Varint((ulong)(tensor.Length + weights)), tensor);
        using var file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.Write(file, head, 0);
        RandomAccess.Write(file, rest, head.Length + (long)weights);
    }

    private static MetadataEdit Set(string key, string value) => new() { Set = [new(key, value)] };

    private static IEnumerable<MetadataEdit> Edits() =>
    [
        Set("new", "value"), Set("key", "größer"), new() { Set = [new("key", new string('z', 9000)), new("more", "")] },
        new() { RemovePrefix = "" }, new() { RemovePrefix = "k", Set = [new("k", "1")] }, new() { Set = [new("doc", "1")], DocString = "text" },
    ];

    // As a reader of the file sees it: the last of each key.
    private static IReadOnlyList<KeyValuePair<string, string>> Pairs(byte[] file) => OnnxMetadata.Effective(OnnxReader.Read(file).Metadata);

    // Their order means nothing, and may be another for a moment.
    private static bool Same(IEnumerable<KeyValuePair<string, string>> left, IEnumerable<KeyValuePair<string, string>> right) =>
        left.OrderBy(pair => pair.Key, StringComparer.Ordinal).SequenceEqual(right.OrderBy(pair => pair.Key, StringComparer.Ordinal));

    private string Make(string name)
    {
        var model = name == "everything" ? TestModels.Everything() : TestModels.Linear();
        model.Graph.Nodes[0].Name = "first";
        if (name is not ("plain" or "everything"))
            model.Metadata.AddRange([new("key", "value"), new("b", ""), new("hf_config", new string('c', 700))]);
        if (name == "plain")
            return Write(TestModels.Bytes(model));
        var bytes = TestModels.Bytes(model);
        if (name == "front")
            bytes = Wire.Join(Wire.Bytes(14, Wire.Text(1, "first"), Wire.Text(2, "1")), Wire.Bytes(14, Wire.Text(2, "2"), Wire.Text(1, "second")), bytes, Wire.Number(5, 7));
        if (name == "doubled")
            bytes = Wire.Join(bytes, Wire.Bytes(14, Wire.Text(1, "key"), Wire.Text(2, "last")));
        if (name == "odd" && bytes.Length % 2 == 0)
            bytes = Wire.Join(bytes, [0x78, 0x80, 0x00]);
        if (name.StartsWith("page", StringComparison.Ordinal))
        {
            // A doc_string as long as it takes.
            var wanted = 2 * PageBytes + int.Parse(name["page".Length..]);
            bytes = Wire.Join(Wire.Text(6, new string('d', wanted - bytes.Length - 3)), bytes);
            Assert.Equal(wanted, bytes.Length);
        }
        var path = Write(bytes);
        for (var i = name == "edited twice" ? 2 : name is "edited once" or "cleared" ? 1 : 0; i > 0; i--)
            MetadataEditor.Edit(path, Set("edit", $"{i}"));
        if (name == "cleared")
            MetadataEditor.Edit(path, new MetadataEdit { RemovePrefix = "" });
        return path;
    }

    private string Write(byte[] bytes)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid():N}.onnx");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>What the file holds after each thing that can be the last to happen.</summary>
    private IEnumerable<byte[]> States(
        byte[] original, MetadataEdit edit, IReadOnlyList<KeyValuePair<string, string>> before, IReadOnlyList<KeyValuePair<string, string>> after)
    {
        var path = Write(original);
        IReadOnlyList<PatchStep>? steps;
        using (var file = File.OpenHandle(path))
            steps = MetadataPlan.Make(file, path, TopLevelField.ReadAll(file, path), before, after, [.. edit.Texts()]);
        var bytes = original.ToList();
        yield return original;
        if (steps is null)
        {
            // The file is copied first, so that it is the old or the copy.
            Assert.False(MetadataPlan.CanExtend(original.Length));
            MetadataEditor.Edit(path, edit);
            yield return File.ReadAllBytes(path);
            yield break;
        }
        foreach (var step in steps)
        {
            switch (step.Kind)
            {
                case PatchKind.Extend:
                    Assert.Equal(bytes.Count, step.Offset);
                    for (var end = (step.Offset / PageBytes + 1) * PageBytes; end < step.Offset + step.Bytes.Length; end += PageBytes)
                        yield return [.. bytes, .. step.Bytes[..(int)(end - step.Offset)]];
                    bytes.AddRange(step.Bytes);
                    break;
                case PatchKind.WriteHidden:
                    for (var i = 0; i < step.Bytes.Length; i++)
                    {
                        bytes[(int)step.Offset + i] = step.Bytes[i];
                        if (i % (1 + step.Bytes.Length / 23) == 0)
                            yield return [.. bytes];
                    }
                    break;
                case PatchKind.Truncate:
                    bytes.RemoveRange((int)step.Offset, bytes.Count - (int)step.Offset);
                    break;
                default:
                    Assert.Single(step.Bytes);
                    bytes[(int)step.Offset] = step.Bytes[0];
                    break;
            }
            yield return [.. bytes];
        }
        Assert.True(Same(after, Pairs([.. bytes])));
    }
}
