using Gpux.Runtime.Sessions;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Runs of a session on inputs that stay the same: what the model itself takes.</summary>
internal sealed class SessionRequests : IRequests, IDisposable
{
    private readonly InferenceSession _session;
    private readonly IReadOnlyDictionary<string, Tensor> _inputs;
    // Null where outputs are no tensors, which cannot be bound.
    private readonly BoundRun[]? _runs;

    /// <param name="inputs">All that the model needs; shared by all callers.</param>
    public SessionRequests(InferenceSession session, IReadOnlyDictionary<string, Tensor> inputs, int concurrency)
    {
        (_session, _inputs) = (session, inputs);
        if (session.Outputs.Any(output => output.Kind != ValueKind.Tensor))
            return;
        _runs = new BoundRun[concurrency];
        for (var i = 0; i < concurrency; i++)
        {
            _runs[i] = session.Bind();
            foreach (var input in session.Inputs)
                if (inputs.TryGetValue(input.Name, out var tensor))
                    _runs[i].BindInput(input.Name, tensor);
            foreach (var output in session.Outputs)
                _runs[i].BindOutput(output.Name);
        }
    }

    public Answered Answer(int caller, CancellationToken cancellationToken)
    {
        if (_runs is not null)
            _runs[caller].Run(cancellationToken);
        else
            _session.Run(_inputs, cancellationToken: cancellationToken).Dispose();
        return default;
    }

    public void Dispose()
    {
        foreach (var run in _runs ?? [])
            run.Dispose();
    }
}
