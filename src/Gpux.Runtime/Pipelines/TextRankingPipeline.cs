using System.Text.Json;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>How well texts go with another, told by a cross-encoder that reads both at once: float [] for a pair, [texts] for
/// several; with a last dimension of the labels if the model has more than one.</summary>
/// <remarks>Source: sentence-transformers 6.2, CrossEncoder.predict. The function that scores go through is the one that the
/// configuration names: since version 6 in activation_fn of config_sentence_transformers.json, since version 4 in
/// sentence_transformers.activation_fn of config.json, before in sbert_ce_default_activation_function; else sigmoid for one label and none
/// for several.</remarks>
internal sealed class TextRankingPipeline(PipelineModel model) : Pipeline(model), ISequenceTask
{
    private readonly string? _activation = ActivationOf(model);

    public override string Task => "text-ranking";

    public string Output => "logits";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        if (input.Sentences is not { Count: > 0 } sentences)
            return ISequenceTask.Run(this, Model, input, arguments, cancellationToken);
        var notes = new List<string>();
        var scores = new List<float>();
        foreach (var sentence in sentences)
        {
            var result = (Features)ISequenceTask.Run(this, Model, input with { Pair = sentence, Sentences = null }, arguments, cancellationToken);
            scores.AddRange(result.Values.AsSpan<float>());
            notes.AddRange(result.Notes);
        }
        var labels = scores.Count / sentences.Count;
        return new Features(Tensor.Of<float>(scores.ToArray(), labels == 1 ? new Shape(scores.Count) : new Shape(sentences.Count, labels))) { Notes = notes };
    }

    public Encoding Encode(PipelineInput input, PipelineArguments arguments, List<string> notes)
    {
        arguments.RequireKnown(Task, "max_length");
        input.RequireText(Task);
        if (input.Pair is null)
            throw new PipelineInputException($"The task {Task} takes two texts.", "Give a query and the text that is to be ranked: gpux run MODEL \"QUERY\" --pair \"TEXT\".");
        return Model.Encode(input, Task, arguments, notes, ClassScores.Truncation(arguments));
    }

    public SessionOutputs Compute(IReadOnlyList<Encoding> encodings, PipelineArguments arguments, CancellationToken cancellationToken) =>
        Model.Run(encodings, cancellationToken, Output);

    public PipelineResult Answer(PipelineInput input, ReadOnlySpan<float> values, PipelineArguments arguments, List<string> notes)
    {
        var scores = values.ToArray();
        Activate(scores);
        return new Features(Tensor.Of<float>(scores, scores.Length == 1 ? Shape.Scalar : new Shape(scores.Length))) { Notes = notes };
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

    private static string? ActivationOf(PipelineModel model) =>
        Trusted(Stated(PipelineModel.ReadJson(model.Files, "config_sentence_transformers.json")))
            ?? Trusted(Stated(model.ConfigObject("sentence_transformers")) ?? model.ConfigText("sbert_ce_default_activation_function"));

    private static string? Stated(JsonElement settings) => settings.ValueKind == JsonValueKind.Object
        && settings.TryGetProperty("activation_fn", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;

    // Code of others is not run by the original either, which then takes what it would without.
    private static string? Trusted(string? name) => name?.StartsWith("torch.", StringComparison.Ordinal) == true ? name : null;
}
