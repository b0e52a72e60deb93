namespace Gpux.Benchmarks.Results;

/// <summary>A run that may be stored.</summary>
internal readonly record struct CheckedRun
{
    /// <exception cref="UnfitRunException">It may not.</exception>
    public CheckedRun(BenchmarkRun run, DateTimeOffset now)
    {
        RunCheck.Require(run, now);
        (Content, Digest) = (run, RunDigest.Of(run));
    }

    public BenchmarkRun Content { get; }

    /// <summary>See <see cref="RunDigest"/>.</summary>
    public string Digest { get; }

    /// <summary>Whether one before it, which is stored with it, has its key.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>Whether it is not compared with what the database has under its key.</summary>
    public bool IsKnownByKey { get; init; }
}
