namespace Gpux.Runtime.Tokenizers.Speech;

/// <summary>What a speech model's frames say.</summary>
/// <param name="Characters">Every character, spaces too, in order.</param>
/// <param name="Words">What lies between spaces.</param>
public sealed record CtcText(string Text, IReadOnlyList<CtcRange> Characters, IReadOnlyList<CtcRange> Words);
