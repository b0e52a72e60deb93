namespace Gpux;

/// <summary>A failure that a user can act on: what happened, to what, and what to do next.</summary>
/// <param name="code">Stable and public; listed in docs/errors.md.</param>
/// <param name="problem">One or more sentences that name the model, file or tensor.</param>
/// <param name="remedy">What to do next, as a sentence.</param>
public class GpuxException(ErrorCode code, string problem, string remedy, Exception? inner = null)
    : Exception(problem, inner)
{
    public ErrorCode Code { get; } = code;
    public string Remedy { get; } = remedy;
}
