namespace Gpux.Runtime.Pipelines;

/// <summary>From what a user has, a text or an image, to what the user wants to know: one task of one model.</summary>
/// <remarks>Answers are those of transformers' pipeline() of 5.23, and of 4.40 for the tasks that 5 dropped.</remarks>
public abstract class Pipeline(PipelineModel model) : IDisposable
{
    /// <summary>The Hub's name of the task.</summary>
    public abstract string Task { get; }

    public PipelineModel Model { get; } = model;

    /// <exception cref="GpuxException">Input or arguments are not what the task takes, or the model cannot run on them.</exception>
    public abstract PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken);

    public void Dispose()
    {
        Model.Dispose();
        GC.SuppressFinalize(this);
    }
}
