namespace Gpux.Runtime.Pipelines;

/// <summary>The hidden states of a text or a sound: float [1, tokens or frames, hidden size].</summary>
internal sealed class FeatureExtractionPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "feature-extraction";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "truncation", "max_length", "tokenize_kwargs", "return_tensors");
        arguments.Bool("return_tensors", false); // the answer is a tensor either way, and nested lists as JSON
        var notes = new List<string>();
        using var outputs = input.Sound is { } sound ? Model.Run(SoundInputs.Of(Model, sound, notes), cancellationToken)
            : Model.Run([Model.Encode(input, Task, arguments, notes, ClassScores.Truncation(arguments, "tokenize_kwargs"))], cancellationToken);
        return new Features(Copy(Model.Finite(outputs, Model.Session.Outputs[0].Name))) { Notes = notes };
    }

    // The outputs of a run end with it.
    internal static Tensor Copy(Tensor tensor) => Tensor.Of<float>(tensor.AsSpan<float>(), tensor.Shape);
}
