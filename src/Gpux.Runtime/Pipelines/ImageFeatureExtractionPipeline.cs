namespace Gpux.Runtime.Pipelines;

/// <summary>The hidden states of an image: float [1, patches + 1, hidden size], or its pooled form.</summary>
internal sealed class ImageFeatureExtractionPipeline(PipelineModel model) : Pipeline(model)
{
    public override string Task => "image-feature-extraction";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "pool", "return_tensors");
        arguments.Bool("return_tensors", false); // the answer is a tensor either way, and nested lists as JSON
        using var outputs = Model.Run(ImageInputs.Of(Model, input, Task), cancellationToken);
        if (!arguments.Bool("pool", false))
            return new Features(FeatureExtractionPipeline.Copy(Model.Finite(outputs, Model.Session.Outputs[0].Name)));
        if (!outputs.TryGet("pooler_output", out _))
            throw new PipelineArgumentException("pool", $"{Model.Name} has no pooler.", "Leave 'pool' out.");
        return new Features(FeatureExtractionPipeline.Copy(Model.Finite(outputs, "pooler_output")));
    }
}
