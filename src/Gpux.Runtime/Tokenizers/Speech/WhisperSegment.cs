namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>A part of what Whisper wrote between two of its time stamps, from the recording's start.</summary>
public sealed record WhisperSegment(string Text, TimeSpan Start, TimeSpan End);
