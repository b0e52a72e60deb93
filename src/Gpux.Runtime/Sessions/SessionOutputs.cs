using System.Diagnostics.CodeAnalysis;
using Gpux.Runtime.Sessions.Interop;

namespace Gpux.Runtime.Sessions;

/// <summary>The outputs of a run.</summary>
/// <remarks>The tensors lie in memory of ONNX Runtime, which goes back to it when the last of them is collected, or at once
/// when the outputs are disposed of: their elements must not be touched after that.</remarks>
public sealed class SessionOutputs : IDisposable
{
    // Models have few outputs: comparing names in turn is quicker than to build a table per run.
    private readonly string[] _names;
    private readonly object?[] _values;
    private readonly List<ValueHandle> _memory;

    /// <param name="values">For each name a tensor, an array of tensors, or null.</param>
    internal SessionOutputs(string[] names, object?[] values, List<ValueHandle> memory) =>
        (_names, _values, _memory) = (names, values, memory);

    /// <summary>The outputs that are tensors, in the order in which they were asked for.</summary>
    public IEnumerable<NamedTensor> Tensors
    {
        get
        {
            for (var i = 0; i < _names.Length; i++)
                if (_values[i] is Tensor tensor)
                    yield return new NamedTensor(_names[i], tensor);
        }
    }

    /// <exception cref="SessionOutputException">No such output was asked for, or it is a sequence, or an optional one without value.</exception>
    public Tensor this[string name] => TryGet(name, out var tensor) ? tensor : throw Missing(name, "tensor");

    public bool TryGet(string name, [NotNullWhen(true)] out Tensor? tensor)
    {
        tensor = Find(name) as Tensor;
        return tensor is not null;
    }

    /// <summary>The tensors of an output that is a sequence.</summary>
    /// <exception cref="SessionOutputException">No such output was asked for, or it is no sequence.</exception>
    public IReadOnlyList<Tensor> Sequence(string name) => Find(name) as Tensor[] ?? throw Missing(name, "sequence");

    public void Dispose()
    {
        foreach (var memory in _memory)
            memory.Dispose();
    }

    private object? Find(string name)
    {
        var index = Array.IndexOf(_names, name);
        return index < 0 ? null : _values[index];
    }

    private SessionOutputException Missing(string name, string kind) => new(name,
        $"The run has no {kind} '{name}'. It was asked for: {string.Join(", ", _names)}.",
        "Ask for one of these, or name the output among those wanted of the run.");
}
