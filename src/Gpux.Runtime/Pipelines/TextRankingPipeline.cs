using System.Text.Json;

namespace Gpux.Runtime.Pipelines;

/// <summary>How well texts go with another, told by a cross-encoder that reads both at once: float [] for a pair, [texts] for
/// several; with a last dimension of the labels if the model has more than one.</summary>
/// <remarks>Source: sentence-transformers 6.2, CrossEncoder.predict. The function that scores go through is the one that the
/// configuration names: in sentence_transformers.activation_fn, before version 4 in sbert_ce_default_activation_function; else sigmoid
/// for one label and none for several.</remarks>
internal sealed class TextRankingPipeline(PipelineModel model) : Pipeline(model)
{
    private readonly string? _activation = ActivationOf(model);

    public override string Task => "text-ranking";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "max_length");
        var truncation = ClassScores.Truncation(arguments);
        var notes = new List<string>();
        input.RequireText(Task);
        if (input.Sentences is { Count: > 0 } sentences)
        {
            var scores = new List<float>();
            foreach (var sentence in sentences)
                scores.AddRange(Score(input with { Pair = sentence }));
            var labels = scores.Count / sentences.Count;
            return new Features(Tensor.Of<float>(scores.ToArray(), labels == 1 ? new Shape(scores.Count) : new Shape(sentences.Count, labels))) { Notes = notes };
        }
        if (input.Pair is null)
            throw new PipelineInputException($"The task {Task} takes two texts.", "Give a query and the text that is to be ranked: gpux run MODEL \"QUERY\" --pair \"TEXT\".");
        var alone = Score(input);
        return new Features(Tensor.Of<float>(alone, alone.Length == 1 ? Shape.Scalar : new Shape(alone.Length))) { Notes = notes };

        float[] Score(PipelineInput pair)
        {
            using var outputs = Model.Run([Model.Encode(pair, Task, arguments, notes, truncation)], cancellationToken);
            var scores = Model.Finite(outputs, "logits").AsSpan<float>().ToArray();
            Activate(scores);
            return scores;
        }
    }

    private void Activate(Span<float> scores)
    {
        // A dotted name of torch; its last part tells.
        switch (_activation?[(_activation.LastIndexOf('.') + 1)..] ?? (scores.Length == 1 ? "Sigmoid" : "Identity"))
        {
            case "Identity":
                break;
            case "Sigmoid":
                Scores.Sigmoid(scores);
                break;
            case "Softmax":
                Scores.Softmax(scores);
                break;
            case "Tanh":
                foreach (ref var score in scores)
                    score = MathF.Tanh(score);
                break;
            case "ReLU":
                foreach (ref var score in scores)
                    score = Math.Max(score, 0);
                break;
            default:
                throw new UnsupportedActivationException(Model.Name, _activation!); // the defaults are above
        }
    }

    private static string? ActivationOf(PipelineModel model)
    {
        var settings = model.ConfigObject("sentence_transformers");
        return settings.ValueKind == JsonValueKind.Object && settings.TryGetProperty("activation_fn", out var name) && name.ValueKind == JsonValueKind.String
            ? name.GetString() : model.ConfigText("sbert_ce_default_activation_function");
    }
}
