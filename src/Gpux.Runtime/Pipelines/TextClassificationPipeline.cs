namespace Gpux.Runtime.Pipelines;

/// <summary>Which classes a text, or a pair of texts, belongs to.</summary>
internal sealed class TextClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "text-classification";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "top_k", "function_to_apply", "truncation", "max_length");
        var notes = new List<string>();
        var encoding = Model.Encode(input, Task, arguments, notes, ClassScores.Truncation(arguments));
        using var outputs = Model.Run([encoding], cancellationToken);
        var scores = Model.Finite(outputs, "logits").AsSpan<float>().ToArray();
        ClassScores.Apply(scores, arguments, Model.ConfigText("problem_type") == "regression" ? "none" : ClassScores.UsualFunction(Model, scores.Length));
        var onlyBest = !arguments.Has("top_k");
        var count = onlyBest ? 1 : arguments.Int("top_k", least: 1) ?? scores.Length;
        return new LabelScores(ClassScores.Top(scores, count, Model), onlyBest, OfPair: input.Pair is not null) { Notes = notes };
    }
}
