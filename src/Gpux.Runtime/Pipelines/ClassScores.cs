using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>What classifiers of texts and of images share.</summary>
internal static class ClassScores
{
    /// <summary>Turns logits into scores by the function that is asked for, or that the model's problem needs.</summary>
    public static void Apply(Span<float> logits, PipelineModel model, PipelineArguments arguments)
    {
        var function = arguments.Text("function_to_apply") ?? model.ConfigText("problem_type") switch
        {
            "regression" => "none",
            "multi_label_classification" => "sigmoid",
            _ => logits.Length == 1 ? "sigmoid" : "softmax",
        };
        switch (function)
        {
            case "softmax": Scores.Softmax(logits); break;
            case "sigmoid": Scores.Sigmoid(logits); break;
            case "none": break;
            default: throw arguments.Unfit("function_to_apply", "softmax, sigmoid or none was expected");
        }
    }

    public static LabelScore[] Top(ReadOnlySpan<float> scores, int count, PipelineModel model)
    {
        var order = Scores.Top(scores, count);
        var labels = new LabelScore[order.Length];
        for (var i = 0; i < order.Length; i++)
            labels[i] = new LabelScore(model.Label(order[i]), scores[order[i]]);
        return labels;
    }

    /// <summary>The limit that a call sets by max_length; null for the model's own.</summary>
    public static Truncation? Truncation(PipelineArguments arguments)
    {
        arguments.Bool("truncation", true); // texts are always cut to what the model takes
        return arguments.Int("max_length", least: 1) is { } length ? new Truncation { MaxLength = length } : null;
    }
}
