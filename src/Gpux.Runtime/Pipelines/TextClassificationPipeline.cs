using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>Which classes a text, or a pair of texts, belongs to.</summary>
internal sealed class TextClassificationPipeline(PipelineModel model) : Pipeline(model), ISequenceTask
{
    public override string Task => "text-classification";

    public string Output => "logits";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken) =>
        ISequenceTask.Run(this, Model, input, arguments, cancellationToken);

    public Encoding Encode(PipelineInput input, PipelineArguments arguments, List<string> notes)
    {
        // Padding changes no score: what is padded, no token sees.
        arguments.RequireKnown(Task, "top_k", "function_to_apply", "truncation", "max_length", "padding");
        return Model.Encode(input, Task, arguments, notes, ClassScores.Truncation(arguments));
    }

    public SessionOutputs Compute(IReadOnlyList<Encoding> encodings, PipelineArguments arguments, CancellationToken cancellationToken) =>
        Model.Run(encodings, cancellationToken, Output);

    public PipelineResult Answer(PipelineInput input, ReadOnlySpan<float> values, PipelineArguments arguments, List<string> notes)
    {
        var scores = values.ToArray();
        ClassScores.Apply(scores, arguments, Model.ConfigText("problem_type") == "regression" ? "none" : ClassScores.UsualFunction(Model, scores.Length));
        var onlyBest = !arguments.Has("top_k");
        var count = onlyBest ? 1 : arguments.Int("top_k", least: 1) ?? scores.Length;
        return new LabelScores(ClassScores.Top(scores, count, Model), onlyBest, OfPair: input.Pair is not null) { Notes = notes };
    }
}
