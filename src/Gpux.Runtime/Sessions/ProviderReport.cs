using System.Collections.Immutable;
using System.Text;

namespace Gpux.Runtime.Sessions;

/// <summary>Which nodes of a model ran where, and for how long.</summary>
/// <param name="Nodes">All nodes that ran, in the order of their first execution.</param>
/// <remarks>Source: ONNX Runtime's profile of a run, which is of the graph as optimised: fused nodes appear under the name and
/// operator of the fusion, and nodes that it inserted (Cast, Memcpy) appear too.</remarks>
public sealed record ProviderReport(ImmutableArray<NodeExecution> Nodes)
{
    /// <summary>Nodes that compute and ran on the CPU.</summary>
    public IEnumerable<NodeExecution> ComputedOnCpu => Nodes.Where(node => node.IsCompute && node.IsOnCpu);

    /// <summary>A line for each execution provider, with the operators that it ran, most time first.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var provider in Nodes.GroupBy(node => node.Provider).OrderByDescending(group => group.Sum(node => node.Time.Ticks)))
        {
            var operators = provider.GroupBy(node => node.Operator).OrderByDescending(group => group.Sum(node => node.Time.Ticks))
                .Select(group => $"{group.Count()} {group.Key}");
            text.AppendLine($"{provider.Key}: {provider.Count()} nodes, "
                + $"{TimeSpan.FromTicks(provider.Sum(node => node.Time.Ticks)).TotalMilliseconds:0.###} ms: {string.Join(", ", operators)}");
        }
        return text.ToString();
    }
}

/// <summary>A node as it ran.</summary>
/// <param name="Count">How often it ran; more than once in the body of a loop.</param>
/// <param name="Time">The sum over its executions. For devices that compute while the CPU goes on, the time to hand over the work.</param>
/// <param name="IsCompute">False for what is no loss on the CPU: copies between devices; control flow, whose bodies count by
/// themselves; and nodes all of whose outputs are integers or truth values of at most one dimension, which is to say shapes,
/// sizes and indices, that execution providers leave to the CPU on purpose.</param>
public sealed record NodeExecution(string Name, string Operator, string Provider, int Count, TimeSpan Time, bool IsCompute)
{
    /// <summary>Whether the provider computes on the CPU: ONNX Runtime's own one, or a library for CPUs.</summary>
    public bool IsOnCpu => ExecutionProvider.IsForCpu(Provider);
}
