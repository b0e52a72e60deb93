namespace Gpux.Onnx.Checking;

/// <summary>Which functions of a model call which, to find those that call themselves: runtimes inline them without end.</summary>
internal sealed class FunctionCalls
{
    // The state of a function in the walk; absent means not reached.
    private const string Open = "open", Done = "done";
    private readonly Dictionary<string, OnnxFunction> _functions = [];

    public FunctionCalls(List<OnnxFunction> functions, Action<OnnxFunction, string> report)
    {
        foreach (var function in functions)
        {
            if (!_functions.TryAdd(Key(function.Domain, function.Name, function.Overload), function))
                report(function, "another function has the same domain, name and overload");
        }
    }

    /// <returns>The function that a node calls; null if it names an operator.</returns>
    public OnnxFunction? Callee(OnnxNode node) =>
        _functions.TryGetValue(Key(node.Domain, node.OpType, node.Overload), out var function) ? function : null;

    /// <returns>A function that reaches itself; null if none does.</returns>
    public OnnxFunction? FindCycle()
    {
        var states = new Dictionary<OnnxFunction, string>();
        // A function is below the functions that it calls; a chain of calls can be longer than the stack of a thread is deep.
        var left = new Stack<OnnxFunction>(_functions.Values.Reverse());
        while (left.TryPeek(out var function))
        {
            if (!states.TryAdd(function, Open))
            {
                states[function] = Done;
                left.Pop();
                continue;
            }
            var callees = new HashSet<OnnxFunction>();
            CollectCallees(function.Nodes, callees);
            foreach (var callee in callees)
            {
                if (!states.TryGetValue(callee, out var state))
                    left.Push(callee);
                else if (state == Open)
                    return callee;
            }
        }
        return null;
    }

    private void CollectCallees(List<OnnxNode> nodes, HashSet<OnnxFunction> callees)
    {
        foreach (var node in nodes)
        {
            if (Callee(node) is { } callee)
                callees.Add(callee);
            foreach (var attribute in node.Attributes)
            {
                if (attribute.Graph is not null)
                    CollectCallees(attribute.Graph.Nodes, callees);
                if (attribute.Stores(AttributeKind.Graphs))
                    foreach (var graph in attribute.Graphs)
                        CollectCallees(graph.Nodes, callees);
            }
        }
    }

    // A line feed occurs in no name of an operator, so that different triples make different keys.
    private static string Key(string domain, string name, string overload) => $"{OperatorImports.Normalize(domain)}\n{name}\n{overload}";
}
