using System.Globalization;
using Gpux.Conversion;
using Gpux.Registries.Store;

namespace Gpux.Models.Detection;

/// <summary>An ONNX file as a model that runs: the graph is there, and the rest is found by what it says of itself.</summary>
public static class OnnxVariant
{
    // What the classes of transformers end in, and what they are for.
    private static readonly (string Ending, string Task)[] ClassEndings =
    [
        ("ForSequenceClassification", ModelTask.TextClassification), ("ForTokenClassification", ModelTask.TokenClassification),
        ("ForQuestionAnswering", ModelTask.QuestionAnswering), ("ForMaskedLM", ModelTask.FillMask), ("ForCausalLM", ModelTask.TextGeneration),
        ("LMHeadModel", ModelTask.TextGeneration), ("ForImageClassification", ModelTask.ImageClassification),
        ("ForMultipleChoice", ModelTask.MultipleChoice), ("ForConditionalGeneration", "text2text-generation"),
        ("ForObjectDetection", "object-detection"), ("ForSemanticSegmentation", "image-segmentation"),
        ("ForAudioClassification", "audio-classification"), ("ForCTC", "automatic-speech-recognition"),
    ];

    /// <summary>Whether a reference names an ONNX file of this machine.</summary>
    public static bool Is(ModelReference model) => model.Registry == ModelReference.Local
        && model.Name.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) && File.Exists(model.Name);

    /// <param name="model">The file, see <see cref="Is"/>.</param>
    /// <exception cref="GpuxException">What it needs besides its graph cannot be had.</exception>
    internal static async Task<PreparedModel> PrepareAsync(
        ModelReference model, HubConfigurations configurations, IProgress<Progress>? progress, CancellationToken cancellationToken)
    {
        var file = new FileInfo(Path.GetFullPath(model.Name));
        var configuration = await configurations.LoadAsync(file.FullName, progress, cancellationToken);
        if (configuration.Refusal is { } refusal)
            throw refusal;
        var folder = Path.GetDirectoryName(file.FullName)!; // a file lies in a folder
        var variant = new Variant(folder, file.FullName, TaskOf(configuration), configuration.Origin.ClassName, folder, []);
        // Other than the local registry's, as a digest of the content would take as long as all else before the session opens.
        var commit = string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks:x16}{file.Length:x24}");
        var manifest = new ModelManifest(model with { Name = file.FullName }, commit, [new ModelFile(file.Name, file.Length, null)], Source: file.FullName);
        return new PreparedModel(new ResolvedModel(model, manifest, ListsEveryFile: true, FromStore: false), configuration.Files, variant, Conversion: null);
    }

    // As the file states it, else as the Hub does, else by the class.
    private static string TaskOf(HubConfiguration configuration)
    {
        if (configuration.Origin.Task is { } stated)
            return stated;
        if (configuration.Model?.Properties.GetValueOrDefault("pipeline_tag") is { } tagged)
            return tagged;
        var className = configuration.Origin.ClassName ?? (ModelConfig.Load(configuration.Files).Architectures is [var first, ..] ? first : "");
        return Array.Find(ClassEndings, ending => className.EndsWith(ending.Ending, StringComparison.Ordinal)).Task ?? ModelTask.FeatureExtraction;
    }
}
