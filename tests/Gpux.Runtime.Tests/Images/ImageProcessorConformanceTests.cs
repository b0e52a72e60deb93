using System.Text.Json;
using Gpux.Runtime.Images;

namespace Gpux.Runtime.Tests.Images;

/// <summary>Every recorded image processor: equal to the original, or refused by its name.</summary>
public sealed class ImageProcessorConformanceTests
{
    public static TheoryData<string> Cases => [.. ConformanceCorpus.Cases("processors", "image-processor", "image-processor-sparse")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Case_matches_original_or_is_refused_by_name(string name)
    {
        var recorded = ConformanceCase.Read(Path.Combine(ConformanceCorpus.Root, "processors", name));
        var type = StoredType(recorded);
        if (!ImageProcessor.SupportedTypes.Contains(type) && type != "timm")
        {
            var refusal = Assert.Throws<UnsupportedImageProcessorException>(() => ImageProcessor.Load(recorded.RepositoryFile));
            Assert.Equal(type, refusal.ProcessorType);
            return;
        }
        var failures = new List<string>();
        foreach (var run in recorded.Runs.Where(run => run.Backend != "slow-pillow12"))
        {
            var processor = ImageProcessor.Load(recorded.RepositoryFile, run.Backend switch { "fast" => ImageBackend.Fast, "slow" => ImageBackend.Slow, _ => null });
            var images = run.Files.Select(file => Image.Load(Path.Combine(ConformanceCorpus.Root, file))).ToArray();
            if (ProcessorComparison.Differences(recorded, run, processor.Process(images), LevelStep(recorded)) is { } differences)
                failures.Add($"{run.Name}: {differences}");
        }
        Assert.Empty(failures);
    }

    /// <summary>The class name without the endings that files have had over the years.</summary>
    private static string StoredType(ConformanceCase recorded)
    {
        if (Setting(recorded, "image_processor_type", "feature_extractor_type") is not { } stored)
            return "timm";
        var name = stored.GetString()!.Replace("FeatureExtractor", "ImageProcessor", StringComparison.Ordinal); // a type is a text
        return name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^4] : name;
    }

    private static double LevelStep(ConformanceCase recorded) =>
        1 / 255.0 / (Setting(recorded, "image_std", "std") is { } deviation ? deviation.EnumerateArray().Min(value => value.GetDouble()) : 1) + 1e-5;

    private static JsonElement? Setting(ConformanceCase recorded, params string[] names)
    {
        var file = recorded.RepositoryFile("preprocessor_config.json") ?? recorded.RepositoryFile("config.json");
        using var document = JsonDocument.Parse(File.ReadAllBytes(file!)); // every case of a processor has one of them
        var root = document.RootElement.TryGetProperty("pretrained_cfg", out var timm) ? timm : document.RootElement;
        foreach (var name in names)
            if (root.TryGetProperty(name, out var value))
                return value.Clone();
        return null;
    }
}
