using Gpux.Runtime.Audio.Extractors;

namespace Gpux.Runtime.Audio;

/// <summary>Turns sounds into a model's inputs, as its repository's processor file describes.</summary>
/// <remarks>Equal to transformers 5 within 2e-4 of a logarithmic band, with two stated differences: nothing is drawn at random
/// (<see cref="ClapFeatureExtractor"/> says what is taken instead), and the random noise called dither is left out.</remarks>
public sealed class FeatureExtractor
{
    private readonly IFeatureExtraction _extraction;

    internal FeatureExtractor(string type, IFeatureExtraction extraction)
    {
        Type = type;
        _extraction = extraction;
    }

    /// <summary>The class names of transformers' feature extractors that can be loaded.</summary>
    public static IReadOnlyList<string> SupportedTypes => ExtractorCatalog.Types;

    /// <summary>The class name in transformers, such as WhisperFeatureExtractor.</summary>
    public string Type { get; }

    /// <summary>Hz, what <see cref="Extract"/> converts sounds to.</summary>
    public int SamplingRate => _extraction.SamplingRate;

    /// <summary>Reads processor_config.json or preprocessor_config.json.</summary>
    /// <param name="repositoryFile">The local path of a file of the model's repository; null where it has no such file.</param>
    /// <exception cref="UnsupportedFeatureExtractorException">No such feature extractor here.</exception>
    /// <exception cref="InvalidFeatureExtractorException">No processor file, or a malformed one.</exception>
    public static FeatureExtractor Load(Func<string, string?> repositoryFile) => ExtractorCatalog.Load(repositoryFile);

    /// <summary>Whether the repository describes how sounds become inputs.</summary>
    public static bool IsDescribed(Func<string, string?> repositoryFile) => ExtractorCatalog.IsDescribed(repositoryFile);

    /// <param name="sounds">Of any rate. Shorter ones are padded.</param>
    /// <exception cref="UnfitAudioException">One is too short for a single frame, or all together are too large.</exception>
    public AudioFeatures Extract(IReadOnlyList<Waveform> sounds)
    {
        if (sounds.Count == 0)
            throw new ArgumentException("A batch has at least one sound.", nameof(sounds));
        var atRate = new Waveform[sounds.Count];
        for (var i = 0; i < atRate.Length; i++)
            atRate[i] = sounds[i].At(SamplingRate);
        return _extraction.Extract(atRate);
    }
}
