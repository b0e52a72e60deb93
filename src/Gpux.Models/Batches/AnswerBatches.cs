using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gpux.Runtime.Pipelines;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Models.Batches;

/// <summary>Answers many inputs in their order, and computes those of equal length together.</summary>
/// <remarks>A batch holds inputs of one number of tokens: nothing is computed for padding, and no answer depends on what it was computed
/// with. Batches are computed side by side, each on one thread, while the next inputs are read and tokenized.</remarks>
/// <param name="workers">How many batches are computed at once.</param>
public sealed class AnswerBatches(Pipeline pipeline, PipelineArguments arguments, int workers)
{
    // A window of inputs is sorted by length. It is fixed, so that a run that goes on where another ended makes the same batches.
    private const int WindowRows = 1024;
    private const int WindowCharacters = 1 << 17;

    /// <summary>Tokens of a batch: enough that products of matrices run at their best, and few enough that what lies between them stays
    /// in the cache. Default: 512. Measured with states 384 wide: from 128 to 512 the same, with 64 and with 1024 some 5 to 15 %
    /// slower.</summary>
    internal int BatchTokens { get; init; } =
        // Nyströmformer divides by one number for all rows of a run: what is with a row changes it, as in the original.
        pipeline.Model.ConfigText("model_type") == "nystromformer" ? 1 : 512;

    /// <returns>The answers of some rows after each other, as soon as they are there.</returns>
    public async IAsyncEnumerable<IReadOnlyList<BatchAnswer>> AnswerAsync(
        IEnumerable<BatchRow> rows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (pipeline is not ISequenceTask task)
        {
            foreach (var row in rows)
                yield return [Answer(row, cancellationToken)];
            yield break;
        }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batches = Channel.CreateUnbounded<Batch>();
        var windows = Channel.CreateBounded<Window>(capacity: 1);
        var reading = Task.Run(() => ReadAsync(task, rows, batches.Writer, windows.Writer, stop.Token), CancellationToken.None);
        var computing = Enumerable.Range(0, workers).Select(_ => Task.Run(() => ComputeAsync(task, batches.Reader, stop.Token), CancellationToken.None)).ToArray();
        try
        {
            await foreach (var window in windows.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                await window.Done.WaitAsync(stop.Token).ConfigureAwait(false);
                yield return window.Answers;
            }
            await reading.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            // The session must not be disposed of under a run. What failed has been told by its window.
            await Task.WhenAll([reading, .. computing]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private BatchAnswer Answer(BatchRow row, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (row.Input is not { } input)
            return new BatchAnswer(row, null, row.Failure);
        try
        {
            return new BatchAnswer(row, pipeline.Run(input, arguments, cancellationToken), null);
        }
        catch (GpuxException exception)
        {
            return new BatchAnswer(row, null, exception);
        }
    }

    private async Task ReadAsync(
        ISequenceTask task, IEnumerable<BatchRow> rows, ChannelWriter<Batch> batches, ChannelWriter<Window> windows, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var content in Windows(rows))
            {
                var window = new Window(content.Count);
                foreach (var batch in Cut(task, content, window, cancellationToken))
                    batches.TryWrite(batch); // it is unbounded
                await windows.WriteAsync(window, cancellationToken).ConfigureAwait(false);
            }
            windows.Complete();
        }
        catch (Exception exception)
        {
            // To whoever waits for the rows that could not be read.
            windows.Complete(exception is OperationCanceledException ? null : exception);
            throw;
        }
        finally
        {
            batches.Complete();
        }
    }

    private static IEnumerable<List<BatchRow>> Windows(IEnumerable<BatchRow> rows)
    {
        var (window, characters) = (new List<BatchRow>(), 0L);
        foreach (var row in rows)
        {
            window.Add(row);
            characters += row.Input is { } input ? (input.Text?.Length ?? 0) + (input.Pair?.Length ?? 0) : 0;
            if (window.Count < WindowRows && characters < WindowCharacters)
                continue;
            yield return window;
            (window, characters) = (new List<BatchRow>(), 0);
        }
        if (window.Count > 0)
            yield return window;
    }

    // The longest first: what is done last should be short, so that no thread waits long for another.
    private List<Batch> Cut(ISequenceTask task, List<BatchRow> rows, Window window, CancellationToken cancellationToken)
    {
        var byLength = new SortedDictionary<int, List<Item>>(Comparer<int>.Create((a, b) => b.CompareTo(a)));
        for (var place = 0; place < rows.Count; place++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = rows[place];
            if (row.Input is not { } input)
            {
                window.Set(place, new BatchAnswer(row, null, row.Failure));
                continue;
            }
            try
            {
                var notes = new List<string>();
                var encoding = task.Encode(input, arguments, notes);
                if (!byLength.TryGetValue(encoding.Count, out var same))
                    byLength.Add(encoding.Count, same = []);
                same.Add(new Item(place, row, input, encoding, notes));
            }
            catch (GpuxException exception)
            {
                window.Set(place, new BatchAnswer(row, null, exception));
            }
        }
        return [.. byLength.SelectMany(same => same.Value.Chunk(Math.Max(1, BatchTokens / same.Key)), (_, items) => new Batch(window, items))];
    }

    private async Task ComputeAsync(ISequenceTask task, ChannelReader<Batch> batches, CancellationToken cancellationToken)
    {
        await foreach (var batch in batches.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                Compute(task, batch.Items, batch.Window, cancellationToken);
            }
            catch (Exception exception)
            {
                batch.Window.Fail(exception);
                throw;
            }
        }
    }

    private void Compute(ISequenceTask task, Item[] items, Window window, CancellationToken cancellationToken)
    {
        try
        {
            using var outputs = task.Compute(Array.ConvertAll(items, item => item.Encoding), arguments, cancellationToken);
            var values = pipeline.Model.Finite(outputs, task.Output).AsSpan<float>();
            var width = values.Length / items.Length;
            // All answers before any is handed out, so that a failure can go back to single inputs.
            var answers = new BatchAnswer[items.Length];
            for (var i = 0; i < items.Length; i++)
                answers[i] = new BatchAnswer(items[i].Row, task.Answer(items[i].Input, values.Slice(i * width, width), arguments, items[i].Notes), null);
            for (var i = 0; i < items.Length; i++)
                window.Set(items[i].Place, answers[i]);
        }
        catch (GpuxException exception) when (items.Length == 1)
        {
            window.Set(items[0].Place, new BatchAnswer(items[0].Row, null, exception));
        }
        catch (GpuxException)
        {
            // One of them is at fault, and the others are not to suffer for it.
            foreach (var item in items)
                Compute(task, [item], window, cancellationToken);
        }
    }

    private sealed record Item(int Place, BatchRow Row, PipelineInput Input, Encoding Encoding, List<string> Notes);

    private sealed record Batch(Window Window, Item[] Items);

    /// <summary>Rows after each other, whose answers come in any order.</summary>
    private sealed class Window(int count)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _missing = count;

        public BatchAnswer[] Answers { get; } = new BatchAnswer[count];
        public Task Done => _done.Task;

        public void Set(int place, BatchAnswer answer)
        {
            Answers[place] = answer;
            if (Interlocked.Decrement(ref _missing) == 0)
                _done.TrySetResult();
        }

        public void Fail(Exception exception) => _done.TrySetException(exception);
    }
}
