namespace Gpux.Runtime.Pipelines;

/// <summary>Every task, by the Hub's name, and the other names that it is known by.</summary>
public static class PipelineCatalog
{
    private static readonly (string Task, string[] Aliases, Func<PipelineModel, Pipeline> Make)[] Entries =
    [
        ("audio-classification", [], model => new AudioClassificationPipeline(model)),
        ("automatic-speech-recognition", [], model => new AutomaticSpeechRecognitionPipeline(model)),
        ("depth-estimation", [], model => new DepthEstimationPipeline(model)),
        ("document-question-answering", [], model => new DocumentQuestionAnsweringPipeline(model)),
        ("feature-extraction", [], model => new FeatureExtractionPipeline(model)),
        ("fill-mask", [], model => new FillMaskPipeline(model)),
        ("image-classification", [], model => new ImageClassificationPipeline(model)),
        ("image-feature-extraction", [], model => new ImageFeatureExtractionPipeline(model)),
        ("image-segmentation", [], model => new ImageSegmentationPipeline(model)),
        ("object-detection", [], model => new ObjectDetectionPipeline(model)),
        ("question-answering", [], model => new QuestionAnsweringPipeline(model)),
        ("sentence-similarity", ["sentence-embedding"], model => new SentenceSimilarityPipeline(model)),
        ("text-classification", ["sentiment-analysis"], model => new TextClassificationPipeline(model)),
        ("text-generation", [], model => new TextGenerationPipeline(model)),
        ("text-ranking", ["rerank", "reranking"], model => new TextRankingPipeline(model)),
        ("token-classification", ["ner"], model => new TokenClassificationPipeline(model)),
        ("zero-shot-audio-classification", [], model => new ZeroShotAudioClassificationPipeline(model)),
        ("zero-shot-classification", [], model => new ZeroShotClassificationPipeline(model)),
        ("zero-shot-image-classification", [], model => new ZeroShotImageClassificationPipeline(model)),
        ("zero-shot-object-detection", [], model => new ZeroShotObjectDetectionPipeline(model)),
    ];

    public static IReadOnlyList<string> Tasks => [.. Entries.Select(entry => entry.Task)];

    public static bool Has(string task) => Find(task) is not null;

    /// <summary>Whether several inputs of a task can be computed in one run.</summary>
    public static bool TakesBatches(string task) => Array.Find(Entries, entry => entry.Task == task || entry.Aliases.Contains(task)).Task
        is "sentence-similarity" or "text-classification" or "text-ranking";

    /// <summary>Whether a task's input is an image.</summary>
    public static bool TakesImage(string task) => task.StartsWith("image-", StringComparison.Ordinal)
        || task is "depth-estimation" or "document-question-answering" or "object-detection" or "zero-shot-image-classification" or "zero-shot-object-detection";

    /// <summary>Whether a task reads text, so that it needs a tokenizer.</summary>
    public static bool TakesText(string task) => !TakesImage(task) || task is "document-question-answering" || task.StartsWith("zero-shot-", StringComparison.Ordinal);

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
