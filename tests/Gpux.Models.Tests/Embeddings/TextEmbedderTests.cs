using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Gpux.Conversion.Checkpoints;
using Gpux.Models.Batches;
using Gpux.Models.Embeddings;
using Gpux.Models.Tests.Batches;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Tests.Embeddings;

public sealed class TextEmbedderTests : IDisposable
{
    private const string Encoder = "sentence-bert-mean-normalize";
    private const int Width = 24;
    private readonly TestPipelines _pipelines = new();

    public void Dispose() => _pipelines.Dispose();

    [Fact]
    public async Task Safetensors_hold_the_embedding_of_each_row()
    {
        using var pipeline = _pipelines.Open(Encoder);
        string[] texts = [.. Enumerable.Range(0, 30).Select(i => $"text {i} {new string('a', i % 7)}"), ""];
        var path = await EmbedAsync(pipeline, "v.safetensors", new VectorOptions(), string.Join('\n', texts[..^1]) + "\n\n");
        var vectors = ReadSafetensors(path);
        Assert.Equal(texts.Length * Width, vectors.Length);
        for (var i = 0; i < texts.Length; i++)
            AssertClose(Embedding(pipeline, texts[i]), vectors.AsSpan(i * Width, Width));
    }

    [Fact]
    public async Task Numpy_reads_what_is_written()
    {
        using var pipeline = _pipelines.Open(Encoder);
        var bytes = File.ReadAllBytes(await EmbedAsync(pipeline, "v.npy", new VectorOptions(), "one\ntwo\n"));
        Assert.Equal([0x93, .. "NUMPY"u8, 1, 0], bytes[..8]);
        var length = bytes[8] | bytes[9] << 8;
        Assert.Equal(0, (10 + length) % 64);
        Assert.Equal("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 24), }", Encoding.ASCII.GetString(bytes, 10, length).TrimEnd());
        AssertClose(Embedding(pipeline, "two"), MemoryMarshal.Cast<byte, float>(bytes.AsSpan(10 + length))[Width..]);
    }

    [Fact]
    public async Task Lines_of_JSON_hold_text_and_embedding()
    {
        using var pipeline = _pipelines.Open(Encoder);
        var lines = File.ReadAllLines(await EmbedAsync(pipeline, "v.jsonl", new VectorOptions(VectorPrecision.Int8), "one\ntwo\nthree\n"));
        var second = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal("two", second.GetProperty("text").GetString());
        Assert.All(second.GetProperty("embedding").EnumerateArray(), value => Assert.InRange(value.GetInt32(), -128, 127));
        Assert.Equal(Width, second.GetProperty("embedding").GetArrayLength());
    }

    [Fact]
    public async Task Bytes_come_with_the_ranges_that_give_the_floats_back()
    {
        using var pipeline = _pipelines.Open(Encoder);
        var content = string.Concat(Enumerable.Range(0, 20).Select(i => $"text {i}\n"));
        var path = await EmbedAsync(pipeline, "v.safetensors", new VectorOptions(VectorPrecision.UInt8), content);
        var (file, tensors) = (File.ReadAllBytes(path), Header(path));
        var ranges = MemoryMarshal.Cast<byte, float>(file.AsSpan((int)tensors["ranges"].Offset, 2 * Width * sizeof(float))).ToArray();
        var floats = ReadSafetensors(await EmbedAsync(pipeline, "f.safetensors", new VectorOptions(), content));
        for (var i = 0; i < floats.Length; i++)
        {
            var (low, high) = (ranges[i % Width], ranges[Width + i % Width]);
            var step = (high - low) / 255;
            Assert.InRange(floats[i] - (low + file[(int)tensors["embeddings"].Offset + i] * step), -step * 0.01f, step * 1.01f);
        }
    }

    [Fact]
    public async Task First_dimensions_are_kept_at_length_one()
    {
        using var pipeline = _pipelines.Open(Encoder);
        var vectors = ReadSafetensors(await EmbedAsync(pipeline, "v.safetensors", new VectorOptions(Dimensions: 5), "one\ntwo\n"));
        var full = Embedding(pipeline, "two")[..5];
        var length = MathF.Sqrt(full.Sum(value => value * value));
        AssertClose(Array.ConvertAll(full, value => value / length), vectors.AsSpan(5, 5));
        await Assert.ThrowsAsync<EmbeddingWidthException>(() => EmbedAsync(pipeline, "w.safetensors", new VectorOptions(Dimensions: 25), "one\n"));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_is_zeros_and_reported()
    {
        using var pipeline = _pipelines.Open(Encoder);
        var reported = new List<GpuxException>();
        var source = RowSource.Open(_pipelines.Write("in.csv", "id,text\n1\n2,two\n"), new RowColumns());
        var path = Path.Combine(_pipelines.Folder, "v.safetensors");
        var summary = await new TextEmbedder(pipeline, new PipelineArguments(), 2, reported.Add).WriteAsync([source, source], path, new VectorOptions(), null, CancellationToken.None);
        Assert.Equal(new BatchSummary(4, 2, 0), summary);
        Assert.Equal(2, reported.Count);
        var vectors = ReadSafetensors(path);
        Assert.All(vectors[..Width], value => Assert.Equal(0, value));
        AssertClose(Embedding(pipeline, "two"), vectors.AsSpan(3 * Width, Width));
    }

    [Fact]
    public async Task A_model_of_another_task_is_refused()
    {
        using var pipeline = _pipelines.OpenFolder(Corpus.PathOf("pipelines", "text-classification-bert", "repo"));
        Assert.Equal("text-classification", (await Assert.ThrowsAsync<UnfitTaskException>(() => EmbedAsync(pipeline, "v.npy", new VectorOptions(), "one\n"))).Task);
    }

    [Fact]
    public async Task A_format_that_is_not_written_is_refused()
    {
        using var pipeline = _pipelines.Open(Encoder);
        Assert.Contains(".npy", (await Assert.ThrowsAsync<BatchOutputException>(() => EmbedAsync(pipeline, "v.parquet", new VectorOptions(), "one\n"))).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_corpus_is_searched_by_the_measure_of_the_model_and_embedded_once()
    {
        using var pipeline = _pipelines.Open(Encoder);
        string[] texts = [.. Enumerable.Range(0, 50).Select(i => $"text {i} {(char)('a' + i % 26)}")];
        var corpus = _pipelines.Write("corpus.txt", string.Join('\n', texts.Prepend("")) + "\n");
        var folder = Path.Combine(_pipelines.Folder, "embeddings");
        var query = Embedding(pipeline, "text 7");
        var expected = texts.Select((text, i) => (Line: (long)i + 2, Text: text, Score: Embedding(pipeline, text).Zip(query, (a, b) => a * b).Sum()))
            .OrderByDescending(match => match.Score).Take(5).ToArray();

        for (var round = 0; round < 2; round++)
        {
            var found = await new CorpusSearch(pipeline, folder, workers: 2, failure => Assert.Fail(failure.Message)).FindAsync(RowSource.Open(corpus, new RowColumns()), "text 7", 5);
            Assert.Equal(expected.Select(match => (match.Line, match.Text)), found.Select(match => (match.Line, match.Text)));
            for (var i = 0; i < found.Count; i++)
                Assert.Equal(expected[i].Score, found[i].Score, 1e-5f);
            Assert.Single(Directory.GetFiles(folder));
        }
        File.AppendAllText(corpus, "text 7\n");
        var again = await new CorpusSearch(pipeline, folder, workers: 2, failure => Assert.Fail(failure.Message)).FindAsync(RowSource.Open(corpus, new RowColumns()), "text 7", 1);
        Assert.Equal((52, "text 7"), (Assert.Single(again).Line, again[0].Text));
        Assert.Equal(1, again[0].Score, 1e-5f);
        Assert.Equal(2, Directory.GetFiles(folder).Length);
    }

    private async Task<string> EmbedAsync(Pipeline pipeline, string name, VectorOptions options, string content)
    {
        var path = Path.Combine(_pipelines.Folder, name);
        var source = RowSource.Open(_pipelines.Write($"{name}.txt", content), new RowColumns());
        await new TextEmbedder(pipeline, new PipelineArguments(), workers: 2, failure => Assert.Fail(failure.Message)).WriteAsync([source], path, options, null, CancellationToken.None);
        Assert.False(File.Exists($"{path}.partial"));
        return path;
    }

    private static float[] Embedding(Pipeline pipeline, string text) =>
        ((Features)pipeline.Run(PipelineInput.Of(text), new PipelineArguments(), CancellationToken.None)).Values.AsSpan<float>().ToArray();

    private static IReadOnlyDictionary<string, CheckpointTensor> Header(string path)
    {
        var bytes = File.ReadAllBytes(path);
        var length = SafetensorsHeader.ReadLength(bytes, path, bytes.Length);
        return SafetensorsHeader.Parse(bytes.AsSpan(SafetensorsHeader.PrefixBytes, length), path, bytes.Length).Tensors;
    }

    private static float[] ReadSafetensors(string path) =>
        MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path).AsSpan((int)Header(path)["embeddings"].Offset)).ToArray();

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
    }
}
