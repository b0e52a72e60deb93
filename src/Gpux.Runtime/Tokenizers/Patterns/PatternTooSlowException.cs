namespace Gpux.Runtime.Tokenizers.Patterns;

/// <summary>A regular expression of the tokenizer needs too many steps on a text.</summary>
public sealed class PatternTooSlowException() : GpuxException(
    ErrorCode.TokenizerPatternTooSlow,
    problem: "A regular expression of the tokenizer backtracks without end on this text.",
    remedy: "Cut the text into shorter parts, or check the 'pattern' entries of tokenizer.json: nested repetitions cause this.");
