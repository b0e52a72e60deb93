using System.Text;

namespace Gpux.Cli.Terminals;

/// <summary>Shows how far longer steps have come: a line each with bar, rate and remaining time, redrawn in place.</summary>
/// <remarks>Nothing is shown of what takes less than half a second. Where nobody watches, a line is written when a step ends.</remarks>
internal sealed class ProgressDisplay(TextWriter output, TimeProvider clock, bool interactive, Func<int> width) : IProgress<Progress>
{
    private const int MostLines = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<Step> _steps = [];
    private long _lastDraw;
    private int _drawnLines;

    /// <summary>Takes a report from any thread.</summary>
    public void Report(Progress value)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            var step = _steps.Find(known => known.Last.Step == value.Step && known.Last.Item == value.Item);
            if (step is null)
                _steps.Add(step = new Step(now, value, new RecentRate(clock)));
            step.Last = value;
            step.Recent.Add(value.Done);
            if (value.Done == value.Total)
                Finish(step, now);
            else if (interactive && clock.GetElapsedTime(step.Start, now) >= Patience && clock.GetElapsedTime(_lastDraw, now) >= RedrawInterval)
                Draw(now);
        }
    }

    /// <summary>Removes what is drawn, so that other text can be written.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            Erase();
            output.Flush();
        }
    }

    private void Finish(Step step, long now)
    {
        _steps.Remove(step);
        var elapsed = clock.GetElapsedTime(step.Start, now);
        if (elapsed < Patience)
            return;
        Erase();
        output.WriteLine($"{step.Title}  {Amount(step.Last.Done, step.Last.Unit)} in {Duration(elapsed)}{Rate(step, (step.Last.Done - step.First.Done) / elapsed.TotalSeconds)}");
        output.Flush();
    }

    private void Draw(long now)
    {
        var text = new StringBuilder();
        var lines = 0;
        foreach (var step in _steps)
        {
            var elapsed = clock.GetElapsedTime(step.Start, now);
            if (elapsed >= Patience && lines++ < MostLines)
                text.Append(Line(step)).Append('\n');
        }
        Erase();
        output.Write(text);
        output.Flush();
        _drawnLines = Math.Min(lines, MostLines);
        _lastDraw = now;
    }

    private void Erase()
    {
        // Up one line and erase it, as often as lines were drawn.
        for (; _drawnLines > 0; _drawnLines--)
            output.Write("\e[1A\e[2K");
    }

    private string Line(Step step)
    {
        var (progress, rate) = (step.Last, step.Recent.PerSecond);
        var end = progress.Total is { } total
            ? $"  {Amount(progress.Done, progress.Unit)} of {Amount(total, progress.Unit)}{Rate(step, rate)}{Remaining(step, rate)}"
            : $"  {Amount(progress.Done, progress.Unit)}{Rate(step, rate)}";
        var share = progress.Total is > 0 and var all ? (double)progress.Done / all : 0;
        var cells = Math.Clamp(width() - TextWidth.Of(step.Title) - end.Length - 3, 0, 30);
        var filled = (int)(share * cells);
        var bar = progress.Total is null || cells < 5 ? "" : "  " + new string('█', filled) + new string('░', cells - filled);
        var line = step.Title + bar + end;
        return line.Length <= width() - 1 ? line : line[..(width() - 1)];
    }

    private static string Rate(Step step, double? perSecond) => step.Last.Unit == ProgressUnit.Bytes && perSecond is { } rate
        ? $"  {ByteSize.Format((long)rate)}/s" : "";

    private static string Remaining(Step step, double? perSecond) => perSecond > 0 && step.Last.Total is { } total
        ? $"  {Duration(TimeSpan.FromSeconds(Math.Min(1e6, (total - step.Last.Done) / perSecond.Value)))} left" : "";

    private static string Amount(long amount, ProgressUnit unit) => unit switch
    {
        ProgressUnit.Bytes => ByteSize.Format(amount),
        ProgressUnit.Percent => $"{amount} %",
        _ => amount.ToString(),
    };

    private static string Duration(TimeSpan time) => time.TotalSeconds < 10 ? $"{time.TotalSeconds:0.0} s"
        : time.TotalMinutes < 2 ? $"{time.TotalSeconds:0} s" : time.TotalHours < 2 ? $"{time.TotalMinutes:0} min" : $"{time.TotalHours:0.0} h";

    private sealed class Step(long start, Progress first, RecentRate recent)
    {
        public RecentRate Recent { get; } = recent;
        public long Start { get; } = start;

        /// <summary>Where it began: a resumed download does not begin at nothing.</summary>
        public Progress First { get; } = first;
        public Progress Last { get; set; } = first;
        public string Title => Last.Item is null ? Last.Step : $"{Last.Step} {Last.Item}";
    }
}
