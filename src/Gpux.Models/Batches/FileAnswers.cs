using Gpux.Runtime.Pipelines;

namespace Gpux.Models.Batches;

/// <param name="Rows">All rows of the file.</param>
/// <param name="Failures">Those without an answer.</param>
/// <param name="Resumed">Those that an earlier run had done.</param>
public sealed record BatchSummary(long Rows, long Failures, long Resumed)
{
    /// <summary>How many rows of this run have a note, such as that the text was cut to what the model takes.</summary>
    public long Noted { get; init; }

    /// <summary>The first such note with its file and line; null if there is none.</summary>
    public string? FirstNote { get; init; }
}

/// <summary>Answers every row of a file.</summary>
/// <param name="workers">How many batches are computed at once, where the task can.</param>
/// <param name="report">Told of every row without an answer, in order.</param>
public sealed class FileAnswers(Pipeline pipeline, PipelineArguments arguments, int workers, Action<GpuxException> report)
{
    private const string Step = "Answering";

    /// <summary>How much work a process that is killed may lose; null for a second.</summary>
    internal TimeSpan? CommitInterval { get; init; }

    /// <summary>Writes the answers to a file, which is there when all are. A run of the same command goes on where an earlier one ended.</summary>
    /// <exception cref="GpuxException">Source or output cannot be used; that rows cannot is told in the summary.</exception>
    public async Task<BatchSummary> WriteAsync(RowSource source, string path, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        RequireTexts();
        using var file = ResumableFile.Open(path, Work(source, path), CommitInterval);
        var (resumed, rows) = (file.Rows, Answers(source));
        using (var writer = AnswerWriter.Open(path, file.Stream, isNew: file.Stream.Position == 0, source, pipeline.Task, arguments))
        {
            await foreach (var answers in rows.AnswerAsync(resumed, Step, progress, cancellationToken).ConfigureAwait(false))
                file.Add(answers, () => Write(writer, answers));
            file.Commit();
        }
        file.Complete();
        return new BatchSummary(file.Rows, file.Failures, resumed) { Noted = rows.Noted, FirstNote = rows.FirstNote };
    }

    /// <summary>Writes the answers to a stream as they come, in the format of the source; lines of JSON for a plain text.</summary>
    /// <inheritdoc cref="WriteAsync(RowSource, string, IProgress{Progress}?, CancellationToken)"/>
    public async Task<BatchSummary> WriteAsync(RowSource source, Stream stream, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        RequireTexts();
        var (rows, count, failures) = (Answers(source), 0L, 0L);
        using var writer = AnswerWriter.Open(path: null, stream, isNew: true, source, pipeline.Task, arguments);
        await foreach (var answers in rows.AnswerAsync(skip: 0, Step, progress, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                Write(writer, answers);
                await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException exception)
            {
                throw new BatchOutputException("-", exception.Message, "Check what standard output goes to, or name a file with -o.", exception);
            }
            (count, failures) = (count + answers.Count, failures + answers.Count(answer => answer.Failure is not null));
        }
        return new BatchSummary(count, failures, Resumed: 0) { Noted = rows.Noted, FirstNote = rows.FirstNote };
    }

    private SourceAnswers Answers(RowSource source) => new(new AnswerBatches(pipeline, arguments, workers), [source], report);

    private static void Write(AnswerWriter writer, IReadOnlyList<BatchAnswer> answers)
    {
        foreach (var answer in answers)
            writer.Write(answer);
        writer.Flush();
    }

    private void RequireTexts()
    {
        if (pipeline.Task.StartsWith("image-", StringComparison.Ordinal))
            throw new UnfitTaskException(pipeline.Model.Name, pipeline.Task, "rows of a file are texts", "Give images as words of the command line: gpux run MODEL one.png two.png.");
    }

    private string[] Work(RowSource source, string path) =>
        [pipeline.Model.Identity ?? pipeline.Model.Name, pipeline.Task, arguments.Describe(), $"{arguments.Strict}", source.Describe(), FileDigest.Of(source.Path), Path.GetExtension(path)];
}

/// <summary>A model does something else than what is asked for.</summary>
public sealed class UnfitTaskException(string model, string task, string problem, string remedy) : GpuxException(
    ErrorCode.UnfitTask, $"{model} is a model for {task}, and {problem}.", remedy)
{
    public string Task { get; } = task;
}
