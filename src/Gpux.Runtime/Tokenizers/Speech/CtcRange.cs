namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>A character or word that a speech model heard, and the frames from <paramref name="StartFrame"/> up to but not including
/// <paramref name="EndFrame"/> in which it did.</summary>
public sealed record CtcRange(string Text, int StartFrame, int EndFrame);
