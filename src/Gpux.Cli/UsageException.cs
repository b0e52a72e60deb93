namespace Gpux.Cli;

/// <summary>Arguments that do not go together, which the parser cannot see.</summary>
internal sealed class UsageException(string problem, string remedy) : GpuxException(ErrorCode.Usage, problem, remedy);
