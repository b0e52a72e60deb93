namespace Gpux.Runtime.Pipelines;

/// <summary>Which classes an image belongs to.</summary>
internal sealed class ImageClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    private const int DefaultCount = 5;

    public override string Task => "image-classification";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "top_k", "function_to_apply");
        using var outputs = Model.Run(ImageInputs.Of(Model, input, Task), cancellationToken);
        var scores = Model.Finite(outputs, "logits").AsSpan<float>().ToArray();
        ClassScores.Apply(scores, arguments, ClassScores.UsualFunction(Model, scores.Length));
        var count = arguments.IsNull("top_k") ? scores.Length : arguments.Int("top_k", least: 1) ?? DefaultCount;
        return new LabelScores(ClassScores.Top(scores, count, Model));
    }
}
