using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>Which of the caller's own labels a sound fits best, told by a model that compares sounds with texts.</summary>
internal sealed class ZeroShotAudioClassificationPipeline(PipelineModel model) : Pipeline(model)
{
    private const string DefaultTemplate = "This is a sound of {}.";

    public override string Task => "zero-shot-audio-classification";

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        arguments.RequireKnown(Task, "candidate_labels", "hypothesis_template");
        var sound = SoundInputs.Require(input, Task);
        var labels = CandidateLabels.Read(arguments);
        var template = CandidateLabels.Template(arguments, DefaultTemplate);

        var notes = new List<string>();
        var inputs = SoundInputs.Of(Model, sound, notes);
        AddTexts(inputs, [.. labels.Select(label => template.Replace("{}", label, StringComparison.Ordinal))]);
        using var outputs = Model.Run(inputs, cancellationToken);
        var scores = Model.Finite(outputs, "logits_per_audio").AsSpan<float>().ToArray(); // [1, labels]
        Scores.Softmax(scores);
        return new SoundLabels(Array.ConvertAll(Scores.Top(scores, scores.Length), i => new LabelScore(labels[i], scores[i]))) { Notes = notes };
    }

    private void AddTexts(Dictionary<string, Tensor> inputs, string[] texts)
    {
        var encodings = Model.Tokenizer.EncodeBatch(texts, new EncodeOptions { Padding = new Padding(), WithOffsets = false });
        var shape = new Shape(texts.Length, encodings[0].Count);
        var (ids, mask) = (Tensor.Uninitialized(ElementType.Int64, shape), Tensor.Uninitialized(ElementType.Int64, shape));
        var at = 0;
        foreach (var encoding in encodings)
        {
            for (var i = 0; i < encoding.Count; i++, at++)
            {
                ids.AsSpan<long>()[at] = encoding.Ids[i];
                mask.AsSpan<long>()[at] = encoding.AttentionMask[i];
            }
        }
        inputs["input_ids"] = ids;
        inputs["attention_mask"] = mask;
    }
}
