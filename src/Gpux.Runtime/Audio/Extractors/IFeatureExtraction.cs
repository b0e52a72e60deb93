namespace Gpux.Runtime.Audio.Extractors;

/// <summary>What a feature extractor's file says, ready to be done.</summary>
internal interface IFeatureExtraction
{
    /// <summary>Hz.</summary>
    int SamplingRate { get; }

    /// <param name="sounds">At least one; all of <see cref="SamplingRate"/>.</param>
    AudioFeatures Extract(IReadOnlyList<Waveform> sounds);
}
