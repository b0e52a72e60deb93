namespace Gpux.Benchmarks.Reports;

/// <summary>A file of benchmark runs cannot be read.</summary>
public sealed class RunFileException(string file, string detail) : GpuxException(
    ErrorCode.RunFile,
    $"'{file}' holds no benchmark runs: {detail}",
    "Name a file that GPUX wrote: gpux bench MODEL --json > run.json.");
