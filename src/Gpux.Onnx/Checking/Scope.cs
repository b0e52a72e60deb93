namespace Gpux.Onnx.Checking;

/// <summary>The values that nodes of a graph may use: those defined so far, here and in the enclosing graphs.</summary>
internal sealed class Scope(Scope? outer, int capacity)
{
    private readonly HashSet<string> _names = new(capacity);

    /// <summary>False if this graph defines the name already.</summary>
    public bool Define(string name) => _names.Add(name);

    public bool DefinesHere(string name) => _names.Contains(name);

    public bool Defines(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._names.Contains(name))
                return true;
        }
        return false;
    }

    private Scope? Outer { get; } = outer;
}
