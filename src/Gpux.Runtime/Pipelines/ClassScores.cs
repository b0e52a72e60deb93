using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>What classifiers of texts and of images share.</summary>
internal static class ClassScores
{
    /// <summary>Turns logits into scores by the function that is asked for, or else by the usual one.</summary>
    public static void Apply(Span<float> logits, PipelineArguments arguments, string otherwise)
    {
        switch (arguments.Text("function_to_apply")?.ToLowerInvariant() ?? otherwise)
        {
            case "softmax": Scores.Softmax(logits); break;
            case "sigmoid": Scores.Sigmoid(logits); break;
            case "none": break;
            default: throw arguments.Unfit("function_to_apply", "softmax, sigmoid or none was expected");
        }
    }

    /// <summary>The function that the number of classes and the configuration's problem_type call for.</summary>
    public static string UsualFunction(PipelineModel model, int classes) =>
        classes == 1 || model.ConfigText("problem_type") == "multi_label_classification" ? "sigmoid" : "softmax";

    public static LabelScore[] Top(ReadOnlySpan<float> scores, int count, PipelineModel model)
    {
        var order = Scores.Top(scores, count);
        var labels = new LabelScore[order.Length];
        for (var i = 0; i < order.Length; i++)
            labels[i] = new LabelScore(model.Label(order[i]), scores[order[i]]);
        return labels;
    }

    /// <summary>The limit that a call sets by max_length; null for the model's own.</summary>
    /// <param name="group">An argument that may hold the tokenizer's arguments as an object, as some tasks of the original want it.</param>
    public static Truncation? Truncation(PipelineArguments arguments, string? group = null)
    {
        if (group is not null && arguments.Group(group) is { } grouped)
        {
            grouped.RequireKnown(group, "truncation", "max_length");
            arguments = grouped;
        }
        arguments.Bool("truncation", true); // texts are always cut to what the model takes
        return arguments.Int("max_length", least: 1) is { } length ? new Truncation { MaxLength = length } : null;
    }
}
