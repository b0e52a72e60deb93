namespace Gpux.Benchmarks.Roofline;

/// <summary>The work of a graph cannot be counted: an input's shape is missing or does not fit.</summary>
public sealed class GraphCostException : GpuxException
{
    private GraphCostException(string problem, string remedy) : base(ErrorCode.GraphCost, problem, remedy)
    {
    }

    internal static GraphCostException OfInput(string model, string input, string declared, string problem) => new(
        $"{model}: {problem}",
        $"Give a shape for the input '{input}', which the graph declares as {declared}.");

    internal static GraphCostException OfNode(string model, string node, string detail) => new(
        $"{model}: the node {node} does not fit what it is given: {detail}",
        "Check the shapes of the inputs that you gave. If they are right, the graph is damaged: fetch or convert it again.");

    internal static GraphCostException OfExtent(string model, string input, string symbol) => new(
        $"{model}: the input '{input}' leaves its extent '{symbol}' open.",
        $"Say how long it is: --extent {symbol}=NUMBER.");
}
