namespace Gpux.Benchmarks.Reports;

/// <summary>There is nothing to draw, or to report on.</summary>
public sealed class PlotInputException(string problem, string remedy) : GpuxException(ErrorCode.PlotInput, problem, remedy);
