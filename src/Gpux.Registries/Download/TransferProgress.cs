namespace Gpux.Registries.Download;

/// <summary>Adds up the bytes of files that are fetched at once, and reports them a few times a second.</summary>
internal sealed class TransferProgress(IProgress<Progress>? report, IReadOnlyCollection<ModelFile> files, TimeProvider clock)
{
    private const string Step = "Downloading";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _done = [];
    // Unknown as a whole as soon as one file's size is.
    private readonly long? _total = files.All(file => file.SizeBytes is not null) ? files.Sum(file => file.SizeBytes ?? 0) : null;
    private long _doneInAll;
    private long _reportedAt;
    private long _unpackedAt;

    /// <summary>Notes how many bytes of a file are here.</summary>
    public void Bytes(ModelFile file, long done, bool isComplete = false)
    {
        if (report is null)
            return;
        // Within the lock, so that what is reported never goes backwards.
        lock (_lock)
        {
            _doneInAll += done - _done.GetValueOrDefault(file.Path);
            _done[file.Path] = done;
            var now = clock.GetTimestamp();
            if (!isComplete && _reportedAt != 0 && clock.GetElapsedTime(_reportedAt, now) < Interval)
                return;
            _reportedAt = now;
            report.Report(new Progress(Step, file.Path, done, file.SizeBytes ?? (isComplete ? done : null), ProgressUnit.Bytes));
            report.Report(new Progress(Step, null, _doneInAll, _total, ProgressUnit.Bytes));
        }
    }

    /// <summary>Notes how many bytes of an archive that is here are unpacked.</summary>
    public void Unpacked(ModelFile file, long done, long total)
    {
        if (report is null)
            return;
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            if (done < total && _unpackedAt != 0 && clock.GetElapsedTime(_unpackedAt, now) < Interval)
                return;
            _unpackedAt = now;
            report.Report(new Progress("Unpacking", file.Path, done, total, ProgressUnit.Bytes));
        }
    }

    public static string WaitStep(TimeSpan wait) => $"Waiting {wait.TotalSeconds:0} s to try again";

    public void Waiting(string why, ModelFile? file = null) =>
        report?.Report(new Progress(why, file?.Path, 0, null, ProgressUnit.Bytes));
}
