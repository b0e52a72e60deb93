namespace Gpux.Runtime.Audio.Extractors;

/// <summary>All feature extractors, and how a repository tells which one it wants.</summary>
internal static class ExtractorCatalog
{
    private static readonly (string Type, Func<ExtractorConfig, IFeatureExtraction> Create)[] Extractors =
    [
        (nameof(ASTFeatureExtractor), config => new ASTFeatureExtractor(config)),
        (nameof(ClapFeatureExtractor), config => new ClapFeatureExtractor(config)),
        (nameof(ClvpFeatureExtractor), config => new ClvpFeatureExtractor(config)),
        (nameof(DacFeatureExtractor), config => new DacFeatureExtractor(config)),
        (nameof(EncodecFeatureExtractor), config => new EncodecFeatureExtractor(config)),
        (nameof(ParakeetFeatureExtractor), config => new ParakeetFeatureExtractor(config)),
        (nameof(SeamlessM4TFeatureExtractor), config => new SeamlessM4TFeatureExtractor(config)),
        (nameof(Speech2TextFeatureExtractor), config => new Speech2TextFeatureExtractor(config)),
        (SpeechT5, config => new Wav2Vec2FeatureExtractor(config, normalizes: false, returnsMask: true)),
        (nameof(Wav2Vec2FeatureExtractor), config => new Wav2Vec2FeatureExtractor(config, normalizes: true, returnsMask: false)),
        (nameof(WhisperFeatureExtractor), config => new WhisperFeatureExtractor(config)),
    ];

    // What it makes of a sound that is heard; what it makes of one that is to be spoken is no input.
    private const string SpeechT5 = "SpeechT5FeatureExtractor";

    public static IReadOnlyList<string> Types => Array.ConvertAll(Extractors, extractor => extractor.Type);

    // Of old files for images the extractor has the same field; what hears states a rate.
    public static bool IsDescribed(Func<string, string?> repositoryFile) => Description(repositoryFile)?.Number("sampling_rate") is not null;

    public static FeatureExtractor Load(Func<string, string?> repositoryFile)
    {
        var config = Description(repositoryFile)
            ?? throw new InvalidFeatureExtractorException("preprocessor_config.json", "the repository has no such file");
        var type = Stored(config) ?? OfModel(repositoryFile)
            ?? throw config.Invalid("it names no feature_extractor_type, and config.json no model_type that implies one");
        foreach (var (name, create) in Extractors)
            if (name == type)
                return new FeatureExtractor(type, create(config.Named(type)));
        throw new UnsupportedFeatureExtractorException(type);
    }

    // Transformers 5 nests the feature extractor in the processor of all inputs; older files lie alone.
    private static ExtractorConfig? Description(Func<string, string?> repositoryFile) =>
        ExtractorConfig.Read(repositoryFile, "processor_config.json")?.Nested("feature_extractor")
        ?? ExtractorConfig.Read(repositoryFile, "preprocessor_config.json");

    private static string? Stored(ExtractorConfig config) => config.Text("feature_extractor_type");

    /// <summary>The extractor of a model whose processor file names none.</summary>
    /// <remarks>Source: transformers 5.23, FEATURE_EXTRACTOR_MAPPING_NAMES.</remarks>
    private static string? OfModel(Func<string, string?> repositoryFile) =>
        ExtractorConfig.Read(repositoryFile, "config.json")?.Text("model_type") switch
        {
            "audio-spectrogram-transformer" => nameof(ASTFeatureExtractor),
            "clap" => nameof(ClapFeatureExtractor),
            "clvp" => nameof(ClvpFeatureExtractor),
            "dac" => nameof(DacFeatureExtractor),
            "encodec" or "mimi" => nameof(EncodecFeatureExtractor),
            "parakeet_ctc" or "parakeet_encoder" => nameof(ParakeetFeatureExtractor),
            "seamless_m4t" or "seamless_m4t_v2" or "wav2vec2-bert" => nameof(SeamlessM4TFeatureExtractor),
            "speech_to_text" => nameof(Speech2TextFeatureExtractor),
            "speecht5" => SpeechT5,
            "data2vec-audio" or "hubert" or "moonshine" or "sew" or "sew-d" or "unispeech" or "unispeech-sat" or "wav2vec2"
                or "wav2vec2-conformer" or "wavlm" => nameof(Wav2Vec2FeatureExtractor),
            "whisper" => nameof(WhisperFeatureExtractor),
            _ => null,
        };
}
