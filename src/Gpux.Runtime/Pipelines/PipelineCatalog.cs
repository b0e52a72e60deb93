namespace Gpux.Runtime.Pipelines;

/// <summary>Every task, by the Hub's name, and the other names that it is known by.</summary>
public static class PipelineCatalog
{
    private static readonly (string Task, string[] Aliases, Func<PipelineModel, Pipeline> Make)[] Entries =
    [
        ("audio-classification", [], model => new AudioClassificationPipeline(model)),
        ("automatic-speech-recognition", [], model => new AutomaticSpeechRecognitionPipeline(model)),
        ("feature-extraction", [], model => new FeatureExtractionPipeline(model)),
        ("fill-mask", [], model => new FillMaskPipeline(model)),
        ("image-classification", [], model => new ImageClassificationPipeline(model)),
        ("image-feature-extraction", [], model => new ImageFeatureExtractionPipeline(model)),
        ("question-answering", [], model => new QuestionAnsweringPipeline(model)),
        ("sentence-similarity", ["sentence-embedding"], model => new SentenceSimilarityPipeline(model)),
        ("text-classification", ["sentiment-analysis"], model => new TextClassificationPipeline(model)),
        ("text-generation", [], model => new TextGenerationPipeline(model)),
        ("text-ranking", [], model => new TextRankingPipeline(model)),
        ("token-classification", ["ner"], model => new TokenClassificationPipeline(model)),
        ("zero-shot-audio-classification", [], model => new ZeroShotAudioClassificationPipeline(model)),
        ("zero-shot-classification", [], model => new ZeroShotClassificationPipeline(model)),
    ];

    public static IReadOnlyList<string> Tasks => [.. Entries.Select(entry => entry.Task)];

    public static bool Has(string task) => Find(task) is not null;

    /// <param name="model">Belongs to the pipeline from here on.</param>
    /// <exception cref="UnsupportedTaskException">No pipeline has this name.</exception>
    public static Pipeline Create(string task, PipelineModel model) => (Find(task) ?? throw new UnsupportedTaskException(task, Tasks))(model);

    private static Func<PipelineModel, Pipeline>? Find(string task)
    {
        foreach (var (name, aliases, make) in Entries)
            if (name == task || aliases.Contains(task))
                return make;
        return null;
    }
}
