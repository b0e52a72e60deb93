namespace Gpux.Runtime.Pipelines;

/// <summary>Which classes a sound belongs to: all of them, unless fewer are asked for.</summary>
internal sealed class AudioClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "audio-classification";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "top_k", "function_to_apply");
        var notes = new List<string>();
        using var outputs = Model.Run(SoundInputs.Of(Model, SoundInputs.Require(input, Task), notes), cancellationToken);
        var scores = Model.Finite(outputs, "logits").AsSpan<float>().ToArray();
        ClassScores.Apply(scores, arguments, otherwise: "softmax");
        return new SoundLabels(ClassScores.Top(scores, arguments.Int("top_k", least: 1) ?? scores.Length, Model)) { Notes = notes };
    }
}
