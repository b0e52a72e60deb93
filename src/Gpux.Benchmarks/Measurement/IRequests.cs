namespace Gpux.Benchmarks.Measurement;

/// <summary>What is measured: something that answers a request at a time for each caller.</summary>
internal interface IRequests
{
    /// <summary>Answers one request, on the thread that calls. May be called by several callers at once.</summary>
    /// <param name="caller">From 0 to the concurrency - 1; a caller has one request at a time.</param>
    Answered Answer(int caller, CancellationToken cancellationToken);
}

/// <summary>How an answer came, beside when it was whole.</summary>
/// <param name="FirstToken">A timestamp of the benchmark's clock when the first token was chosen; null where none are.</param>
/// <param name="Tokens">Generated for each row, all of which are as long.</param>
internal readonly record struct Answered(long? FirstToken = null, int Tokens = 0);
