using Gpux.Conversion;

namespace Gpux.Models.Detection;

/// <summary>What a class of transformers is for, by the end of its name.</summary>
internal static class ClassTask
{
    private static readonly (string Ending, string Task)[] Endings =
    [
        ("ForSequenceClassification", ModelTask.TextClassification),
        ("ForTokenClassification", ModelTask.TokenClassification),
        ("ForQuestionAnswering", ModelTask.QuestionAnswering),
        ("ForMaskedLM", ModelTask.FillMask),
        ("ForMultipleChoice", ModelTask.MultipleChoice),
        ("ForCausalLM", ModelTask.TextGeneration),
        ("LMHeadModel", ModelTask.TextGeneration),
        ("ForConditionalGeneration", "text2text-generation"),
        ("ForImageClassification", ModelTask.ImageClassification),
        ("ForObjectDetection", "object-detection"),
        ("ForSemanticSegmentation", "image-segmentation"),
        ("ForAudioClassification", "audio-classification"),
        ("ForCTC", "automatic-speech-recognition"),
        ("Model", ModelTask.FeatureExtraction),
    ];

    /// <returns>Null where the name does not tell.</returns>
    public static string? Find(string className) => Array.Find(Endings, ending => className.EndsWith(ending.Ending, StringComparison.Ordinal)).Task;
}
