namespace Gpux.Runtime.Tokenizers;

/// <summary>A part of a text, from <paramref name="Start"/> up to but not including <paramref name="End"/>.</summary>
public readonly record struct TextRange(int Start, int End);
