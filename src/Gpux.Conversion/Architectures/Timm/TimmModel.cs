using Gpux.Onnx.Building;

namespace Gpux.Conversion.Architectures.Timm;

/// <summary>A model of timm: config.json names its architecture, and the weights have timm's names or, as transformers' wrapper saves
/// them, a prefix before these.</summary>
/// <remarks>Source: timm 1.0; transformers 5.23, modeling_timm_wrapper.py.</remarks>
internal static class TimmModel
{
    public static Architecture Architecture { get; } = new("timm_wrapper", "timm/resnet50.a1_in1k",
    [
        new("TimmWrapperModel", ModelTask.ImageFeatureExtraction, Body),
        new("TimmWrapperForImageClassification", ModelTask.ImageClassification, ImageClassification),
    ]);

    /// <summary>Whether a configuration without model_type is timm's own.</summary>
    public static bool IsOne(ModelConfig config) => config.ModelType.Length == 0 && config.Architectures.Count == 0 && config.IsText("architecture");

    /// <summary>The class that a configuration stands for: one without classes gives what a classifier would be given.</summary>
    public static string ClassOf(ModelConfig config) =>
        new TimmArguments(config).ClassCount > 0 ? "TimmWrapperForImageClassification" : "TimmWrapperModel";

    private static Outputs Body(GraphBuilder graph, ModelConfig config, Weights weights)
    {
        weights = weights.Has("timm_model") ? weights["timm_model"] : weights;
        var outputs = Build(graph, config, weights);
        weights.Ignore(outputs.Classifier, "head_dist");
        return new Outputs { { "last_hidden_state", outputs.Features }, { "pooler_output", outputs.Pooled } };
    }

    private static Outputs ImageClassification(GraphBuilder graph, ModelConfig config, Weights weights)
    {
        weights = weights.Has("timm_model") ? weights["timm_model"] : weights;
        var outputs = Build(graph, config, weights);
        var logits = outputs.Logits is { } compute ? compute()
            : outputs.Pooled.Rank < 4 ? Blocks.Projections.Linear(outputs.Pooled, weights[outputs.Classifier])
            : throw Convolutions.UnknownPool("");
        return new Outputs { { "logits", logits }, { "features", outputs.Features } };
    }

    private static TimmOutputs Build(GraphBuilder graph, ModelConfig config, Weights weights)
    {
        var arguments = new TimmArguments(config);
        var outputs = TimmCatalog.Find(arguments.Name).Build(graph, arguments, weights);
        arguments.RequireAllKnown();
        return outputs;
    }
}
