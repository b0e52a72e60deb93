namespace Gpux.Runtime.Pipelines;

internal static class CandidateLabels
{
    /// <summary>The labels that a caller chooses from: a list, or a text with commas.</summary>
    /// <param name="split">What is done to the labels of one text.</param>
    /// <exception cref="PipelineArgumentException">There are none.</exception>
    public static IReadOnlyList<string> Read(PipelineArguments arguments, StringSplitOptions split = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) =>
        arguments.Texts("candidate_labels", separator: ',', split) is { Count: > 0 } named ? named
            : throw new PipelineArgumentException("candidate_labels", "There are no labels to choose from.", "Name some: candidate_labels=cat,dog,bridge.");

    /// <summary>A template with {} for the label.</summary>
    public static string Template(PipelineArguments arguments, string absent)
    {
        var template = arguments.Text("hypothesis_template") ?? absent;
        return template.Contains("{}", StringComparison.Ordinal) ? template : throw arguments.Unfit("hypothesis_template", "a text with {} for the label was expected");
    }
}
