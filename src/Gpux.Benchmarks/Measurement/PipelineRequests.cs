using System.Text;
using Gpux.Runtime.Pipelines;

namespace Gpux.Benchmarks.Measurement;

/// <summary>Whole answers, from a text, an image or a sound: what a user waits for when a model is open.</summary>
internal sealed class PipelineRequests : IRequests
{
    private const string Words = "the quick brown fox jumps over the lazy dog while seven old ships sail slowly to a quiet harbour ";
    private const int DefaultTokens = 128;
    private readonly Pipeline _pipeline;
    private readonly PipelineInput _input;
    private readonly PipelineArguments _arguments = new();
    private readonly int? _newTokens;
    private readonly TimeProvider _clock;

    /// <param name="tokens">Of a text; null for as many as are usual, or as the model takes.</param>
    /// <param name="newTokens">To generate; null where none are.</param>
    public PipelineRequests(Pipeline pipeline, int? tokens, int? newTokens, int seed, TimeProvider clock)
    {
        (_pipeline, _newTokens, _clock) = (pipeline, newTokens, clock);
        var task = pipeline.Task;
        if (newTokens is { } count)
        {
            _arguments.Set("max_new_tokens", json => json.WriteNumberValue(count));
            _arguments.Set("min_new_tokens", json => json.WriteNumberValue(count));
            _arguments.Set("do_sample", json => json.WriteBooleanValue(false));
        }
        if (task.StartsWith("zero-shot-", StringComparison.Ordinal))
            _arguments.Set("candidate_labels", json => json.WriteStringValue("ships, animals, weather"));
        if (PipelineCatalog.TakesImage(task))
        {
            (_input, Description) = (new PipelineInput
            {
                Image = BenchmarkInputs.MadePicture(new Random(seed)), Question = "What is written here?", WordBoxes = [new WordBox("quick", 10, 10, 200, 60), new WordBox("fox", 210, 10, 400, 60)],
            }, BenchmarkInputs.PictureDescription);
            return;
        }
        if (SoundInputs.Has(pipeline))
        {
            (_input, Description) = (new PipelineInput { Sound = BenchmarkInputs.MadeSound(pipeline.Model.Sounds.SamplingRate, seed) }, BenchmarkInputs.SoundDescription);
            return;
        }
        var text = TextOf(pipeline.Model, tokens ?? Math.Min(DefaultTokens, pipeline.Model.MaxTokens ?? DefaultTokens));
        Tokens = pipeline.Model.Tokenizer.Encode(text).Count;
        var mask = pipeline.Model.Tokenizer.MaskId is { } id ? pipeline.Model.Tokenizer.Decode([id]) : "";
        _input = task switch
        {
            "question-answering" => new PipelineInput { Question = "Who sails?", Context = text },
            "sentence-similarity" or "sentence-embedding" => new PipelineInput { Text = text, Sentences = [text] },
            "text-ranking" => new PipelineInput { Text = "old ships", Pair = text },
            "fill-mask" => PipelineInput.Of($"{mask} {text}"),
            _ => PipelineInput.Of(text),
        };
    }

    /// <summary>Of the text; null where there is none.</summary>
    public int? Tokens { get; }

    /// <summary>Of an input that is no text.</summary>
    public string? Description { get; }

    public Answered Answer(int caller, CancellationToken cancellationToken)
    {
        if (_newTokens is not { } count || _pipeline is not TextGenerationPipeline generator)
        {
            _pipeline.Run(_input, _arguments, cancellationToken);
            return default;
        }
        long? first = null;
        // The token, which may still hold back its text.
        generator.Stream(_input, _arguments, _ => { }, cancellationToken, token: () => first ??= _clock.GetTimestamp());
        return new Answered(first ?? _clock.GetTimestamp(), count);
    }

    // As many words as fit.
    private static string TextOf(PipelineModel model, int tokens)
    {
        var words = Words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var text = new StringBuilder(words[0]);
        for (var i = 1; i < tokens; i++)
        {
            var longer = $"{text} {words[i % words.Length]}";
            if (model.Tokenizer.Encode(longer).Count > tokens)
                break;
            text.Clear().Append(longer);
        }
        return text.ToString();
    }
}
