namespace Gpux.Runtime.Audio.Resampling;

/// <summary>Takes the next samples of a sound; they are overwritten after the call.</summary>
internal delegate void SampleConsumer(ReadOnlySpan<float> samples);
