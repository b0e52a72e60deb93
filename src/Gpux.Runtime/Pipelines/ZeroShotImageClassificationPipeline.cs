using System.Text.Json;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>How well each of the caller's own labels fits an image, the best first.</summary>
public sealed record ImageLabels(IReadOnlyList<LabelScore> Labels) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var (label, score) in Labels)
        {
            json.WriteStartObject();
            json.WriteNumber("score", score);
            json.WriteString("label", label);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}

/// <summary>Classes of images that the caller names, by a model of images and texts (CLIP and its kin).</summary>
/// <remarks>Source: transformers 5.23, pipelines/zero_shot_image_classification.py.</remarks>
internal sealed class ZeroShotImageClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    private const string DefaultTemplate = "This is a photo of {}.";

    // SigLIP has seen no shorter texts in training.
    private const int SiglipTokens = 64;

    public override string Task => "zero-shot-image-classification";

    // Its scores are of each label alone.
    private bool IsSiglip => Model.ConfigText("model_type") is "siglip" or "siglip2";

    // What the tokenizer says does not count: the original asks for those 64 whatever it is.
    private int? TextPositions => Model.ConfigObject("text_config") is { ValueKind: JsonValueKind.Object } text
        && text.TryGetProperty("max_position_embeddings", out var positions) && positions.ValueKind == JsonValueKind.Number
        && positions.TryGetInt32(out var count) && count > 0 ? count : null;

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "candidate_labels", "hypothesis_template");
        ImageInputs.Require(input, Task);
        var labels = CandidateLabels.Read(arguments);
        var template = CandidateLabels.Template(arguments, DefaultTemplate);
        var texts = new string[labels.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = template.Replace("{}", labels[i], StringComparison.Ordinal);
        var longest = IsSiglip ? PipelineModel.Least(SiglipTokens, TextPositions) : Model.MaxTokens;
        var encodings = Model.Tokenizer.EncodeBatch(texts, new EncodeOptions
        {
            Padding = new Padding { Length = IsSiglip ? longest : null },
            Truncation = longest is { } most ? new Truncation { MaxLength = most, ReturnOverflow = true } : null,
        });
        var notes = new List<string>();
        foreach (var encoding in encodings)
        {
            if (encoding.Overflow.Count == 0)
                continue;
            if (arguments.Strict)
                throw new InputTooLongException(encoding.Count);
            notes = [$"A label was cut to the {longest} tokens that the model takes."];
        }
        var inputs = Model.Inputs(encodings);
        foreach (var (name, tensor) in ImageInputs.Of(Model, input, Task))
            inputs[name] = tensor;
        using var outputs = Model.Run(inputs, cancellationToken);
        var scores = Model.Finite(outputs, "logits_per_image").AsSpan<float>().ToArray();
        if (scores.Length != labels.Count)
            throw new PipelineInputException($"{Model.Name} gives {scores.Length} scores of {labels.Count} labels.", "Take a model of images and texts, such as CLIP.");
        if (IsSiglip)
            Scores.Sigmoid(scores);
        else
            Scores.Softmax(scores);
        return new ImageLabels(Array.ConvertAll(Scores.Top(scores, scores.Length), i => new LabelScore(labels[i], scores[i]))) { Notes = notes };
    }
}
