namespace Gpux.Runtime.Audio;

/// <summary>A sound that a model's feature extractor can make nothing of, such as one that is too short.</summary>
public sealed class UnfitAudioException(string problem, string remedy) : GpuxException(ErrorCode.UnfitAudio, problem, remedy);
