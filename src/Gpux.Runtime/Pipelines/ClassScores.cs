using System.Text.Json;
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

    /// <summary>How a call wants texts cut; null for what the model takes.</summary>
    /// <param name="group">An argument that may hold the tokenizer's arguments as an object, as some tasks of the original want it.</param>
    public static Truncation? Truncation(PipelineArguments arguments, string? group = null)
    {
        if (group is not null && arguments.Group(group) is { } grouped)
        {
            grouped.RequireKnown(group, "truncation", "max_length");
            arguments = grouped;
        }
        var length = arguments.Int("max_length", least: 1);
        if (arguments.Value("truncation") is { ValueKind: JsonValueKind.String } strategy)
            return new Truncation { MaxLength = length, Strategy = strategy.GetString() switch
            {
                "longest_first" => TruncationStrategy.LongestFirst,
                "only_first" => TruncationStrategy.OnlyFirst,
                "only_second" => TruncationStrategy.OnlySecond,
                _ => throw arguments.Unfit("truncation", "true, false, longest_first, only_first or only_second was expected"),
            } };
        arguments.Bool("truncation", true); // texts are always cut to what the model takes
        return length is null ? null : new Truncation { MaxLength = length };
    }
}
