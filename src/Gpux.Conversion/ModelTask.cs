namespace Gpux.Conversion;

/// <summary>What a model is for, by the Hub's names of tasks.</summary>
public static class ModelTask
{
    public const string FeatureExtraction = "feature-extraction";
    public const string SentenceSimilarity = "sentence-similarity";
    public const string TextClassification = "text-classification";
    public const string TextRanking = "text-ranking";
    public const string TokenClassification = "token-classification";
    public const string EntityClassification = "entity-classification";
    public const string EntityPairClassification = "entity-pair-classification";
    public const string EntitySpanClassification = "entity-span-classification";
    public const string FillMask = "fill-mask";
    public const string QuestionAnswering = "question-answering";
    public const string MultipleChoice = "multiple-choice";
    public const string NextSentencePrediction = "next-sentence-prediction";
    public const string PreTraining = "pre-training";
    public const string TextGeneration = "text-generation";
    public const string ImageClassification = "image-classification";
    public const string ImageFeatureExtraction = "image-feature-extraction";
    public const string MaskedImageModeling = "masked-im";
    public const string Backbone = "backbone";
    public const string ImageSegmentation = "image-segmentation";
    public const string AutomaticSpeechRecognition = "automatic-speech-recognition";
    public const string AudioClassification = "audio-classification";
    public const string AudioFrameClassification = "audio-frame-classification";
    public const string AudioCodec = "audio-codec";
    public const string AudioXVector = "audio-xvector";
    public const string ZeroShotAudioClassification = "zero-shot-audio-classification";
    public const string ZeroShotImageClassification = "zero-shot-image-classification";
    public const string ZeroShotObjectDetection = "zero-shot-object-detection";
    public const string ObjectDetection = "object-detection";
    public const string DepthEstimation = "depth-estimation";
    public const string KeypointDetection = "keypoint-detection";
    public const string MaskGeneration = "mask-generation";
    public const string ImageToImage = "image-to-image";
    public const string ImageToText = "image-to-text";
    public const string ImageTextRetrieval = "image-text-retrieval";
    public const string VisualQuestionAnswering = "visual-question-answering";
}
