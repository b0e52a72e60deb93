using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Gpux.Tests;

/// <summary>Tries a reader on inputs that are damaged at random: each gives a result or a typed error, in bounded time and memory.</summary>
/// <remarks>An input is made from its number alone, on whichever thread. A failure names the number, and with GPUX_FUZZ=NUMBER only that input
/// is tried; with GPUX_FUZZ=FIRST-LAST only those are.</remarks>
internal static class Fuzzing
{
    private const string Variable = "GPUX_FUZZ";
    private const int FewInputs = 10_000, ManyInputs = 1_000_000;
    private const long MostBytes = 256L << 20;
    private static readonly TimeSpan HalfMinute = TimeSpan.FromSeconds(30);

    // A million take a minute at most on two processors that have nothing else to do.
    private static readonly TimeSpan LongestTime = TimeSpan.FromMinutes(30);

    // Of the processor's time: a thread may wait long for its turn.
    private static readonly TimeSpan LongestRead = TimeSpan.FromSeconds(10), LongestWait = TimeSpan.FromMinutes(5);

    /// <param name="reader">What is read, for messages.</param>
    /// <param name="worker">Called once on each thread, for what makes an input of chance and reads it: true if it was read, false if it was
    /// refused by a typed error of the right kind.</param>
    public static void TenThousand(ITestOutputHelper output, string reader, Func<Func<Chance, bool>> worker) =>
        Try(output, reader, first: 0, FewInputs, enough: FewInputs, LongestTime, worker);

    /// <inheritdoc cref="TenThousand"/>
    public static void Million(ITestOutputHelper output, string reader, Func<Func<Chance, bool>> worker) =>
        Try(output, reader, first: FewInputs, ManyInputs, enough: ManyInputs, LongestTime, worker);

    /// <summary>For what is slow by its nature, such as another's decoder or files on a disk: as many as half a minute holds, at least ten
    /// thousand. How many says the test's output.</summary>
    /// <inheritdoc cref="TenThousand"/>
    public static void ForHalfMinute(ITestOutputHelper output, string reader, Func<Func<Chance, bool>> worker) =>
        Try(output, reader, first: FewInputs, ManyInputs, enough: FewInputs, HalfMinute, worker);

    private static void Try(ITestOutputHelper output, string reader, int first, int count, int enough, TimeSpan time, Func<Func<Chance, bool>> worker)
    {
        var isChosen = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };
        if (isChosen)
        {
            var chosen = Array.ConvertAll(Environment.GetEnvironmentVariable(Variable)!.Split('-'), number => int.Parse(number, CultureInfo.InvariantCulture)); // it is set
            first = chosen[0];
            count = enough = chosen[^1] - first + 1;
        }
        var inputs = new Inputs(first, count, enough, time);
        var processors = Environment.CpuUsage.TotalTime;
        var threads = new InputThread[Math.Min(count, Environment.ProcessorCount)];
        for (var i = 0; i < threads.Length; i++)
            threads[i] = new InputThread(inputs);
        var all = Task.WhenAll(Array.ConvertAll(threads, thread => Task.Factory.StartNew(() => thread.Run(worker), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        while (!all.Wait(TimeSpan.FromSeconds(1)))
            foreach (var thread in threads)
                Assert.False(thread.IsStuck(), $"{reader}, input {thread.Number}: it is not read in {LongestRead.TotalSeconds} s");
        var failed = Array.Find(threads, thread => thread.Failure is not null);
        Assert.True(failed is null, $"{reader}, input {failed?.Number}: {failed?.Failure}");
        var (read, refused) = (threads.Sum(thread => thread.Read), threads.Sum(thread => thread.Refused));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{reader}: {read + refused:N0} damaged inputs, {read:N0} read, {refused:N0} refused; {inputs.Elapsed.TotalSeconds:0.0} s, while the process had {(Environment.CpuUsage.TotalTime - processors).TotalSeconds:0.0} s of the processors"));
        Assert.True(read + refused >= enough, $"{reader}: only {read + refused} of {enough} inputs in {inputs.Elapsed}");
        // Damage that all fails, or never, would test little.
        Assert.True(isChosen || (read > enough / 10_000 && refused > enough / 10_000), $"{reader}: {read} read, {refused} refused");
    }

    /// <summary>The numbers, each handed out once, as long as nothing has failed and there is time. It ends what has had enough of them, and,
    /// much later, what has not.</summary>
    private sealed class Inputs(int first, int count, int enough, TimeSpan time)
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private int _taken;
        private volatile bool _isEnded;

        public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

        public bool Next(out int number)
        {
            var taken = Interlocked.Increment(ref _taken);
            number = first + taken - 1;
            return taken <= count && !_isEnded && ((taken & 63) != 0 || Elapsed < (taken > enough ? time : LongestTime));
        }

        public void End() => _isEnded = true;
    }

    private sealed class InputThread(Inputs inputs)
    {
        private int _number = -1;
        private (int Number, TimeSpan Processor, long Time) _seen = (-1, default, default);

        /// <summary>The input that is read; -1 if none is.</summary>
        public int Number => Volatile.Read(ref _number);
        public long Read { get; private set; }
        public long Refused { get; private set; }
        public Exception? Failure { get; private set; }

        public void Run(Func<Func<Chance, bool>> worker)
        {
            try
            {
                var read = worker();
                var chance = new Chance();
                while (inputs.Next(out var number))
                {
                    Volatile.Write(ref _number, number);
                    chance.Begin(number);
                    var before = GC.GetAllocatedBytesForCurrentThread();
                    if (read(chance))
                        Read++;
                    else
                        Refused++;
                    Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostBytes);
                }
            }
            catch (Exception exception)
            {
                Failure = exception;
            }
            finally
            {
                if (Failure is not null)
                    inputs.End();
                else
                    Volatile.Write(ref _number, -1);
            }
        }

        /// <summary>Whether the same input is read since long. To be asked now and then.</summary>
        public bool IsStuck()
        {
            var processor = Environment.CpuUsage.TotalTime;
            if (_seen.Number != Number)
                _seen = (Number, processor, Stopwatch.GetTimestamp());
            // All threads of the process may be busy.
            return Failure is null && _seen.Number >= 0
                && (processor - _seen.Processor > LongestRead * Environment.ProcessorCount || Stopwatch.GetElapsedTime(_seen.Time) > LongestWait);
        }
    }
}
