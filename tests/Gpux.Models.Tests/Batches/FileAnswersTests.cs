using System.Text.Json;
using Gpux.Models.Batches;
using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Tests.Batches;

public sealed class FileAnswersTests : IDisposable
{
    private static readonly string Classifier = Corpus.PathOf("pipelines", "text-classification-bert", "repo");
    private readonly TestPipelines _pipelines = new();

    public void Dispose() => _pipelines.Dispose();

    [Fact]
    public async Task Rows_keep_their_order_and_columns_and_have_the_answers_of_single_runs()
    {
        using var pipeline = _pipelines.OpenFolder(Classifier);
        // Of many lengths, so that batches are computed in another order.
        string[] texts = [.. Enumerable.Range(0, 40).Select(i => string.Concat(Enumerable.Repeat("good bad ", i * 7 % 11)) + $"text {i}")];
        var source = RowSource.Open(_pipelines.Write("in.csv", $"id,text,label\n{string.Concat(texts.Select((text, i) => $"{i},{text},gold\n"))}"), new RowColumns());
        var output = Path.Combine(_pipelines.Folder, "out.csv");

        var summary = await Answers(pipeline, []).WriteAsync(source, output, progress: null, CancellationToken.None);

        Assert.Equal((40, 0, 0), (summary.Rows, summary.Failures, summary.Resumed));
        var lines = File.ReadAllLines(output);
        Assert.Equal("id,text,label,answer_label,score,error", lines[0]);
        for (var i = 0; i < texts.Length; i++)
        {
            var alone = ((LabelScores)pipeline.Run(PipelineInput.Of(texts[i]), new PipelineArguments(), CancellationToken.None)).Labels[0];
            var fields = lines[i + 1].Split(',');
            Assert.Equal([$"{i}", texts[i], "gold", alone.Label], fields[..4]);
            Assert.Equal(alone.Score, float.Parse(fields[4], System.Globalization.CultureInfo.InvariantCulture), 1e-5f);
        }
    }

    [Fact]
    public async Task A_bad_row_is_reported_and_written_as_such()
    {
        using var pipeline = _pipelines.OpenFolder(Classifier);
        var source = RowSource.Open(_pipelines.Write("in.csv", "id,text\n1,one\n2\n3,three\n"), new RowColumns());
        var output = Path.Combine(_pipelines.Folder, "out.csv");
        var reported = new List<GpuxException>();

        var summary = await Answers(pipeline, reported).WriteAsync(source, output, progress: null, CancellationToken.None);

        Assert.Equal(new BatchSummary(3, 1, 0), summary);
        Assert.Equal(3, Assert.IsType<BadRowException>(Assert.Single(reported)).Line);
        var lines = File.ReadAllLines(output);
        Assert.StartsWith("2,,,,", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("3,three,", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_was_ended_goes_on_to_the_same_file()
    {
        using var pipeline = _pipelines.OpenFolder(Classifier);
        // Several windows, and rows that fail on both sides of the end.
        var rows = string.Concat(Enumerable.Range(0, 5000).Select(i => i % 1000 == 500 ? $"{i}\n" : $"{i},row {i}\n"));
        var source = RowSource.Open(_pipelines.Write("in.csv", $"id,text\n{rows}"), new RowColumns());
        var (whole, resumed) = (Path.Combine(_pipelines.Folder, "whole.csv"), Path.Combine(_pipelines.Folder, "resumed.csv"));
        await Answers(pipeline, []).WriteAsync(source, whole, progress: null, CancellationToken.None);

        BatchSummary? summary = null;
        var ends = 0;
        while (summary is null)
        {
            using var stop = new CancellationTokenSource();
            // Ended when the second window of each run has been written.
            var windows = 0;
            var progress = new Reports(_ =>
            {
                if (++windows == 2)
                    stop.Cancel();
            });
            try
            {
                summary = await new FileAnswers(pipeline, new PipelineArguments(), workers: 2, _ => { }) { CommitInterval = TimeSpan.Zero }
                    .WriteAsync(source, resumed, progress, stop.Token);
            }
            catch (OperationCanceledException)
            {
                ends++;
                Assert.False(File.Exists(resumed));
            }
        }

        Assert.InRange(ends, 1, 5);
        Assert.Equal((5000, 5), (summary.Rows, summary.Failures));
        Assert.True(summary.Resumed > 0);
        Assert.Equal(File.ReadAllBytes(whole), File.ReadAllBytes(resumed));
    }

    [Fact]
    public async Task Lines_of_JSON_hold_input_and_answer()
    {
        using var pipeline = _pipelines.OpenFolder(Classifier);
        var source = RowSource.Open(_pipelines.Write("in.jsonl", "{\"id\": 7, \"text\": \"one\"}\n[]\n"), new RowColumns());
        using var stream = new MemoryStream();

        var summary = await Answers(pipeline, []).WriteAsync(source, stream, progress: null, CancellationToken.None);

        Assert.Equal(new BatchSummary(2, 1, 0), summary);
        var lines = System.Text.Encoding.UTF8.GetString(stream.ToArray()).TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToArray();
        Assert.Equal(7, lines[0].GetProperty("input").GetProperty("id").GetInt32());
        Assert.True(lines[0].GetProperty("answer").GetProperty("score").GetSingle() > 0);
        Assert.Equal("GPUX4022", lines[1].GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(2, lines[1].GetProperty("line").GetInt32());
    }

    [Theory]
    [InlineData("in.jsonl", "{\"text\": \"one\"}\n", "out.csv")]
    [InlineData("in.csv", "text\none\n", "out.parquet")]
    public async Task An_output_that_the_rows_do_not_fit_is_refused(string input, string rows, string output)
    {
        using var pipeline = _pipelines.OpenFolder(Classifier);
        var source = RowSource.Open(_pipelines.Write(input, rows), new RowColumns());
        var exception = await Assert.ThrowsAsync<BatchOutputException>(() => Answers(pipeline, []).WriteAsync(source, Path.Combine(_pipelines.Folder, output), null, CancellationToken.None));
        Assert.Contains(".jsonl", exception.Remedy, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_pipelines.Folder, output)));
    }

    [Fact]
    public async Task A_text_that_was_cut_is_noted()
    {
        using var pipeline = _pipelines.Open("sentence-bert-mean-normalize");
        var source = RowSource.Open(_pipelines.Write("in.txt", $"short\n{string.Concat(Enumerable.Repeat("long ", 100))}\n"), new RowColumns());
        var summary = await Answers(pipeline, []).WriteAsync(source, new MemoryStream(), null, CancellationToken.None);
        Assert.Equal(1, summary.Noted);
        Assert.Contains("in.txt:2: The text was cut to the 24 tokens", summary.FirstNote, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in.csv", "text\none\n")]
    [InlineData("in.jsonl", "{\"text\": \"one\"}\n")]
    public async Task An_output_that_is_full_is_told(string input, string rows)
    {
        using var pipeline = _pipelines.OpenFolder(Classifier);
        var source = RowSource.Open(_pipelines.Write(input, rows), new RowColumns());
        await using var full = new FullStream();
        var exception = await Assert.ThrowsAsync<BatchOutputException>(() => Answers(pipeline, []).WriteAsync(source, full, null, CancellationToken.None));
        Assert.Contains("No space left", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_of_images_is_refused()
    {
        using var pipeline = _pipelines.Open("vit-image-classification");
        var source = RowSource.Open(_pipelines.Write("in.txt", "one\n"), new RowColumns());
        var exception = await Assert.ThrowsAsync<UnfitTaskException>(() => Answers(pipeline, []).WriteAsync(source, new MemoryStream(), null, CancellationToken.None));
        Assert.Equal("image-classification", exception.Task);
    }

    [Fact]
    public async Task Tasks_without_batches_answer_row_by_row()
    {
        using var pipeline = _pipelines.OpenFolder(Corpus.PathOf("pipelines", "question-answering-bert", "repo"));
        var source = RowSource.Open(_pipelines.Write("in.csv", "question,context\nWho lives in Paris?,Alice lives in Paris.\n"), new RowColumns("question", "context"));
        var output = Path.Combine(_pipelines.Folder, "out.csv");
        await Answers(pipeline, []).WriteAsync(source, output, null, CancellationToken.None);
        Assert.Equal("question,context,answer,score,start,end,error", File.ReadAllLines(output)[0]);
        Assert.Equal(2, File.ReadAllLines(output).Length);
    }

    private static FileAnswers Answers(Pipeline pipeline, List<GpuxException> reported) => new(pipeline, new PipelineArguments(), workers: 2, reported.Add);

    private sealed class Reports(Action<Progress> report) : IProgress<Progress>
    {
        public void Report(Progress value) => report(value);
    }

    private sealed class FullStream : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("No space left on device");

        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");

        public override void WriteByte(byte value) => throw new IOException("No space left on device");
    }
}
