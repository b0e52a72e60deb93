using System.Runtime.CompilerServices;

namespace Gpux.Models.Batches;

/// <summary>Answers the rows of files after each other, and tells of the progress and of rows that have no answer.</summary>
/// <param name="report">Told of every row without an answer, in order.</param>
internal sealed class SourceAnswers(AnswerBatches batches, IReadOnlyList<RowSource> sources, Action<GpuxException> report)
{
    /// <summary>How many answers have a note.</summary>
    public long Noted { get; private set; }

    /// <summary>The first note with its file and line; null if there is none.</summary>
    public string? FirstNote { get; private set; }

    /// <param name="skip">How many rows are done already.</param>
    /// <param name="step">What the progress calls it.</param>
    public async IAsyncEnumerable<IReadOnlyList<BatchAnswer>> AnswerAsync(
        long skip, string step, IProgress<Progress>? progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sizes = sources.Select(source => new FileInfo(source.Path).Length).ToArray();
        var (at, before, total) = (0, 0L, sizes.Sum());
        await foreach (var answers in batches.AnswerAsync(Rows(skip), cancellationToken).ConfigureAwait(false))
        {
            foreach (var answer in answers)
                Look(answer);
            yield return answers;
            for (; at < sizes.Length - 1 && answers[^1].Row.Source != sources[at]; at++)
                before += sizes[at];
            Report(before + answers[^1].Row.EndBytes);
        }
        Report(total);

        // A file that grows meanwhile has more than it had.
        void Report(long bytes) => progress?.Report(new Progress(step, null, Math.Min(bytes, total), total, ProgressUnit.Bytes));
    }

    private void Look(BatchAnswer answer)
    {
        var (path, line) = (answer.Row.Source!.Path, answer.Row.Line); // of one of the sources
        if (answer.Failure is { } failure)
            // What the model says of a row does not name it.
            report(failure is BadRowException ? failure : new BadRowException(path, line, failure.Message));
        if (answer.Result?.Notes is not [var note, ..])
            return;
        Noted++;
        FirstNote ??= $"{path}:{line}: {note}";
    }

    // There may be more than 2^31.
    private IEnumerable<BatchRow> Rows(long skip)
    {
        foreach (var source in sources)
            foreach (var row in source.Read())
                if (skip-- <= 0)
                    yield return row;
    }
}
