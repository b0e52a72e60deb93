using System.Text.Json;
using Gpux.Runtime.Sessions;
using Gpux.Runtime.Tokenizers;

namespace Gpux.Runtime.Pipelines;

/// <summary>How alike each sentence is to the source, by the model's own measure.</summary>
public sealed record Similarities(IReadOnlyList<string> Sentences, IReadOnlyList<float> Values) : PipelineResult
{
    public override void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartArray();
        foreach (var value in Values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}

/// <summary>The embedding of a text, or how alike it is to other texts.</summary>
/// <remarks>Pooling and normalisation are part of the converted model; <see cref="SentenceSettings"/> has what is done to texts before.</remarks>
internal sealed class SentenceSimilarityPipeline : Pipeline, ISequenceTask
{
    private const string PromptLength = "prompt_length";

    public SentenceSimilarityPipeline(PipelineModel model) : base(model) => Settings = SentenceSettings.Load(model);

    public override string Task => "sentence-similarity";

    public string Output => "sentence_embedding";

    public SentenceSettings Settings { get; }

    public override PipelineResult Run(PipelineInput input, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        var source = (Features)ISequenceTask.Run(this, Model, input, arguments, cancellationToken);
        if (input.Sentences is not { Count: > 0 } sentences)
            return source;
        var measure = SimilarityMeasures.Find(arguments.Text("similarity_fn_name") ?? Settings.Similarity)
            ?? throw arguments.Unfit("similarity_fn_name", "cosine, dot, euclidean or manhattan was expected");
        var notes = source.Notes.ToList();
        var values = new float[sentences.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var other = (Features)ISequenceTask.Run(this, Model, PipelineInput.Of(sentences[i]), arguments, cancellationToken);
            values[i] = measure(source.Values.AsSpan<float>(), other.Values.AsSpan<float>());
            notes.AddRange(other.Notes);
        }
        return new Similarities(sentences, values) { Notes = notes };
    }

    public Encoding Encode(PipelineInput input, PipelineArguments arguments, List<string> notes)
    {
        arguments.RequireKnown(Task, "prompt_name", "prompt", "similarity_fn_name");
        return Model.Encode(input with { Text = Settings.Prepare(Settings.Prompt(arguments) + input.RequireText(Task)) }, Task, arguments, notes,
            // The repository's length takes the place of the tokenizer's, but there are no more positions than the model has.
            Settings.LongestTokens is { } longest ? new Truncation { MaxLength = PipelineModel.Least(longest, Model.MaxPositions) } : null);
    }

    public SessionOutputs Compute(IReadOnlyList<Encoding> encodings, PipelineArguments arguments, CancellationToken cancellationToken)
    {
        var inputs = Model.Inputs(encodings);
        // Models that leave the prompt out of the pooling are told how long it is.
        if (Model.Session.Inputs.Any(input => input.Name == PromptLength) && Settings.Prompt(arguments) is { Length: > 0 } prompt)
        {
            var lengths = Tensor.Uninitialized(ElementType.Int64, new Shape(encodings.Count));
            lengths.AsSpan<long>().Fill(CountTokens(prompt));
            inputs[PromptLength] = lengths;
        }
        return Model.Run(inputs, cancellationToken, Output);
    }

    public PipelineResult Answer(PipelineInput input, ReadOnlySpan<float> values, PipelineArguments arguments, List<string> notes) =>
        new Features(Tensor.Of(values, new Shape(values.Length))) { Notes = notes };

    // The special token that ends a text comes after the prompt and the text.
    private int CountTokens(string prompt)
    {
        var ids = Model.Tokenizer.Encode(Settings.Prepare(prompt)).Ids;
        return ids.Length > 0 && Model.Tokenizer.IsSpecial(ids[^1]) ? ids.Length - 1 : ids.Length;
    }
}
