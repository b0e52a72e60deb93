using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>How well each of the caller's own labels fits a text, the best first.</summary>
public sealed record ZeroShotLabels(string Sequence, IReadOnlyList<LabelScore> Labels) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("sequence", Sequence);
        json.WriteStartArray("labels");
        foreach (var label in Labels)
            json.WriteStringValue(label.Label);
        json.WriteEndArray();
        json.WriteStartArray("scores");
        foreach (var label in Labels)
            json.WriteNumberValue(label.Score);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>Classes that the caller names, told by a model of inference: does the text entail that it is about them?</summary>
/// <remarks>Source: Yin et al. 2019, arXiv:1909.00161.</remarks>
internal sealed class ZeroShotClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    private const string DefaultTemplate = "This example is {}.";

    public override string Task => "zero-shot-classification";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "candidate_labels", "hypothesis_template", "multi_label", "multi_class");
        // The original, too, takes no empty text here.
        var text = input.RequireText(Task) is { Length: > 0 } given ? given
            : throw new PipelineInputException("The text is empty.", "Give a text to classify.");
        var labels = CandidateLabels.Read(arguments);
        var template = CandidateLabels.Template(arguments, DefaultTemplate);
        var entailment = Entailment();
        // The second is the first's former name, and wins.
        var alone = arguments.Bool("multi_class", arguments.Bool("multi_label", false)) || labels.Count == 1;

        var notes = new List<string>();
        var scores = new float[labels.Count];
        for (var i = 0; i < labels.Count; i++)
        {
            var pair = new PipelineInput { Text = text, Pair = template.Replace("{}", labels[i], StringComparison.Ordinal) };
            var encoding = Model.Encode(pair, Task, arguments, i == 0 ? notes : [],
                Model.MaxTokens is { } longest ? new Truncation { MaxLength = longest, Strategy = TruncationStrategy.OnlyFirst } : null);
            using var outputs = Model.Run([encoding], cancellationToken);
            var logits = Model.Finite(outputs, "logits").AsSpan<float>();
            var entailed = entailment < 0 ? logits.Length - 1 : entailment;
            if (entailed >= logits.Length)
                throw new PipelineInputException($"The class of entailment of {Model.Name} is {entailed}, of {logits.Length} classes.", "Correct label2id in its config.json.");
            if (alone)
            {
                Span<float> two = [logits[entailed == 0 ? logits.Length - 1 : 0], logits[entailed]];
                Scores.Softmax(two);
                scores[i] = two[1];
            }
            else
            {
                scores[i] = logits[entailed];
            }
        }
        if (!alone)
            Scores.Softmax(scores);
        var order = Scores.Top(scores, scores.Length);
        return new ZeroShotLabels(text, Array.ConvertAll(order, i => new LabelScore(labels[i], scores[i]))) { Notes = notes };
    }

    // The class of entailment; -1, the last, if none is named so. The ids of names count before the names of ids.
    private int Entailment()
    {
        if (Model.ConfigObject("label2id") is { ValueKind: JsonValueKind.Object } ids)
        {
            foreach (var entry in ids.EnumerateObject())
                if (IsEntailment(entry.Name) && entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out var id) && id >= 0)
                    return id;
            return -1;
        }
        for (var i = 0; i < Model.Labels.Count; i++)
            if (IsEntailment(Model.Labels[i]))
                return i;
        return -1;
    }

    private static bool IsEntailment(string label) => label.StartsWith("entail", StringComparison.OrdinalIgnoreCase);
}
