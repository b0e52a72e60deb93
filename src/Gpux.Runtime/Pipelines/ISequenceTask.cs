using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>A task that makes one sequence of tokens of an input, and the answer of that sequence's row of one output. Sequences of
/// equal length can then be computed in one run, without padding and without a difference to the answers.</summary>
internal interface ISequenceTask
{
    /// <summary>The output that answers are read from.</summary>
    string Output { get; }

    /// <exception cref="GpuxException">Input or arguments are not what the task takes.</exception>
    Encoding Encode(PipelineInput input, PipelineArguments arguments, List<string> notes);

    /// <summary>Computes <see cref="Output"/> for sequences of equal length.</summary>
    SessionOutputs Compute(IReadOnlyList<Encoding> encodings, PipelineArguments arguments, CancellationToken cancellationToken);

    /// <param name="values">The input's row of <see cref="Output"/>.</param>
    PipelineResult Answer(PipelineInput input, ReadOnlySpan<float> values, PipelineArguments arguments, List<string> notes);

    /// <summary>Answers one input.</summary>
    static PipelineResult Run(ISequenceTask task, PipelineModel model, PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        var encoding = task.Encode(input, arguments, notes);
        using var outputs = task.Compute([encoding], arguments, cancellationToken);
        return task.Answer(input, model.Finite(outputs, task.Output).AsSpan<float>(), arguments, notes);
    }
}
